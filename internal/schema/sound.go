package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Sound returns a schema in a form that the server accepts, or an error that says why
// there is none: the server rejects a whole deployment because of one schema that it
// cannot read. Identifiers that are not valid URIs, such as "Page[int]", and references to
// them are escaped. Sound checks what schemas of Go types get wrong: references, names of
// types, patterns and identifiers.
func Sound(encoded json.RawMessage) (json.RawMessage, error) {
	escaped, err := check(encoded)
	if err != nil || len(escaped) == 0 {
		return encoded, err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, encoded); err != nil {
		return nil, err
	}
	out := compact.Bytes()
	for from, to := range escaped {
		out = bytes.ReplaceAll(out, from.encoded(), to.encoded())
	}
	// An identifier with escapes of JSON is not found.
	if escaped, err = check(out); err != nil || len(escaped) > 0 {
		return nil, fmt.Errorf("these are not URIs and cannot be escaped: %v", escaped)
	}
	return out, nil
}

// check checks a whole document, and returns the entries that must be escaped.
func check(encoded json.RawMessage) (escaped map[entry]entry, err error) {
	c := checker{escaped: map[entry]entry{}}
	if err := json.Unmarshal(encoded, &c.root); err != nil {
		return nil, err
	}
	return c.escaped, c.schema(c.root)
}

// checker checks one document.
type checker struct {
	root    any
	escaped map[entry]entry // entries that are not valid URIs
}

// holds is the form of a keyword's value that contains schemas.
type holds int

const (
	one holds = iota + 1
	list
	byName
)

var subschemas = map[string]holds{
	"$defs": byName, "definitions": byName, "dependentSchemas": byName, "patternProperties": byName, "properties": byName,
	"allOf": list, "anyOf": list, "oneOf": list, "prefixItems": list,
	"additionalItems": one, "additionalProperties": one, "contains": one, "contentSchema": one, "else": one, "if": one,
	"items": one, "not": one, "propertyNames": one, "then": one, "unevaluatedItems": one, "unevaluatedProperties": one,
}

func (c *checker) schema(v any) error {
	if _, ok := v.(bool); ok {
		return nil
	}
	s, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("%v is not a schema", v)
	}
	for key, value := range s {
		if err := c.keyword(key, value); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}

func (c *checker) keyword(key string, value any) error {
	switch subschemas[key] {
	case one:
		if several, ok := value.([]any); ok && key == "items" { // allowed in older drafts
			return c.list(several)
		}
		return c.schema(value)
	case list:
		if several, ok := value.([]any); ok && len(several) > 0 {
			return c.list(several)
		}
		return errors.New("it is not a list of schemas")
	case byName:
		return c.byName(key, value)
	}
	switch key {
	case "$ref", "$dynamicRef":
		return c.reference(value)
	case "$id":
		return c.identifier(value)
	case "$anchor", "$dynamicAnchor":
		return matches(anchorPattern, value)
	case "$schema":
		return matches(draftPattern, value)
	case "type":
		return typeNames(value)
	case "pattern":
		return pattern(value)
	default:
		return nil
	}
}

func (c *checker) list(schemas []any) error {
	for _, s := range schemas {
		if err := c.schema(s); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) byName(key string, value any) error {
	schemas, ok := value.(map[string]any)
	if !ok {
		return errors.New("it is not an object of schemas")
	}
	for name, s := range schemas {
		if key == "patternProperties" {
			if err := pattern(name); err != nil {
				return err
			}
		}
		if err := c.schema(s); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// reference checks that a reference has a target in the document.
func (c *checker) reference(value any) error {
	ref, ok := value.(string)
	fragment, local := strings.CutPrefix(ref, "#")
	switch {
	case !ok || !local:
		return fmt.Errorf("%v refers to another document", value)
	case fragment != "" && fragment[0] != '/':
		return matches(anchorPattern, fragment)
	}
	if c.leads(ref, fragment) {
		return nil
	}
	// A name that was not escaped is taken literally, up to the end of the reference.
	if name, ok := strings.CutPrefix(ref, refPrefix); ok {
		escaped := refPrefix + url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
		if c.leads(escaped, escaped[1:]) {
			c.escaped[entry{"$ref", ref}] = entry{"$ref", escaped}
			return nil
		}
	}
	return fmt.Errorf("%s has no target", ref)
}

// leads follows a JSON pointer in URI encoding.
func (c *checker) leads(ref, fragment string) bool {
	pointer, err := url.PathUnescape(fragment)
	if err != nil || !uriPattern.MatchString(ref) {
		return false
	}
	at := c.root
	for _, token := range strings.Split(pointer, "/")[1:] {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		switch v := at.(type) {
		case map[string]any:
			next, ok := v[token]
			if !ok {
				return false
			}
			at = next
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(v) {
				return false
			}
			at = v[i]
		default:
			return false
		}
	}
	return true
}

var (
	// uriPattern matches the characters of a URI, RFC 3986.
	uriPattern    = regexp.MustCompile(`^(?:[a-zA-Z0-9._~:/?#@!$&'()*+,;=-]|%[0-9a-fA-F]{2})*$`)
	notInURIs     = regexp.MustCompile(`[^a-zA-Z0-9._~:/?#@!$&'()*+,;=-]`)
	anchorPattern = regexp.MustCompile(`^[A-Za-z_][-A-Za-z0-9._]*$`)
	draftPattern  = regexp.MustCompile(`^https?://json-schema\.org/(draft-0[4-7]|draft/20(19-09|20-12))/schema#?$`)
)

func (c *checker) identifier(value any) error {
	id, ok := value.(string)
	if !ok {
		return fmt.Errorf("%v is not an identifier", value)
	}
	if !uriPattern.MatchString(id) {
		c.escaped[entry{"$id", id}] = entry{"$id", notInURIs.ReplaceAllStringFunc(id, url.PathEscape)}
	}
	return nil
}

func matches(want *regexp.Regexp, value any) error {
	if text, ok := value.(string); !ok || !want.MatchString(text) {
		return fmt.Errorf("%v does not match %s", value, want)
	}
	return nil
}

func pattern(value any) error {
	text, ok := value.(string)
	if !ok {
		return fmt.Errorf("%v is not a pattern", value)
	}
	_, err := regexp.Compile(text)
	return err
}

var types = []string{"array", "boolean", "integer", "null", "number", "object", "string"}

func typeNames(value any) error {
	names, ok := value.([]any)
	if !ok {
		names = []any{value}
	}
	for _, name := range names {
		if text, ok := name.(string); !ok || !slices.Contains(types, text) {
			return fmt.Errorf("%v is not one of %s", name, strings.Join(types, ", "))
		}
	}
	if len(names) == 0 {
		return errors.New("it has no type name")
	}
	return nil
}
