package deployment

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/fxrestate/go/admin"
)

// broken says what a caller of the old schema of an input would meet with the new one, or a
// reader of the old schema of an output, or returns nothing. What it does not understand
// counts as broken.
func broken(old, current json.RawMessage, input bool) string {
	var before, after any
	if json.Unmarshal(orNull(old), &before) != nil || json.Unmarshal(orNull(current), &after) != nil {
		return "it cannot be read"
	}
	c := comparison{input: input, old: before, current: after, seen: map[string]bool{}}
	return c.broken("", before, after)
}

// comparison compares schemas, of which some are in definitions.
type comparison struct {
	input        bool
	old, current any // the documents
	seen         map[string]bool
	depth        int
}

// deepest bounds what is compared: two documents may refer to themselves in turns.
const deepest = 100

// labelKeywords say nothing of values.
var labelKeywords = map[string]bool{
	"title": true, "description": true, "default": true, "examples": true, "deprecated": true,
	"$schema": true, "$id": true, "$comment": true, "$defs": true, "definitions": true,
}

func (c comparison) broken(at string, old, current any) string {
	was, is := reference(old), reference(current)
	if was+is != "" {
		ref := was + " " + is
		if was == "" || is == "" {
			ref += " " + at // which the other side has once
		}
		if c.seen[ref] {
			return ""
		}
		c.seen[ref] = true
	}
	if c.depth++; c.depth > deepest {
		return where(at) + "it is too deep to be compared"
	}
	old, current = resolve(c.old, old), resolve(c.current, current)
	wide, narrow := current, old
	if !c.input {
		wide, narrow = old, current
	}
	switch {
	case isAny(wide):
		return ""
	case isAny(narrow) && c.input:
		return where(at) + "it does not take everything any more"
	case isAny(narrow):
		return where(at) + "it may be anything"
	}
	before, known := old.(map[string]any)
	after, readable := current.(map[string]any)
	if !known || !readable {
		if reflect.DeepEqual(old, current) {
			return ""
		}
		return where(at) + "another schema"
	}
	if problem := c.types(at, before["type"], after["type"]); problem != "" {
		return problem
	}
	if problem := c.properties(at, before, after); problem != "" {
		return problem
	}
	for _, keyword := range union(before, after) {
		switch keyword {
		case "type", "properties", "required", "additionalProperties", "$ref":
			continue
		case "items":
			if problem := c.broken(at+"[]", before[keyword], after[keyword]); problem != "" {
				return problem
			}
		default:
			if !labelKeywords[keyword] && !reflect.DeepEqual(before[keyword], after[keyword]) {
				return where(at) + "another " + keyword
			}
		}
	}
	return ""
}

// types compares what a value may be.
func (c comparison) types(at string, old, current any) string {
	wide, narrow := set(current), set(old)
	if !c.input {
		wide, narrow = narrow, wide
	}
	if len(wide) == 0 {
		return ""
	}
	for _, t := range narrow {
		if !slices.Contains(wide, t) && (t != "integer" || !slices.Contains(wide, "number")) {
			return fmt.Sprintf("%s%s, was %s", where(at), strings.Join(set(current), " or "), strings.Join(set(old), " or "))
		}
	}
	if len(narrow) == 0 {
		return where(at) + "another type"
	}
	return ""
}

func (c comparison) properties(at string, old, current map[string]any) string {
	was, _ := old["properties"].(map[string]any)
	is, _ := current["properties"].(map[string]any)
	needed, needs := set(old["required"]), set(current["required"])
	for _, name := range union(was, is) {
		before, known := was[name]
		after, stays := is[name]
		field := strings.TrimPrefix(at+"."+name, ".")
		switch {
		case !stays && (!c.input || current["additionalProperties"] == false):
			return field + " is gone"
		case !stays:
		case c.input && slices.Contains(needs, name) && !slices.Contains(needed, name):
			return field + " is required"
		case !c.input && known && slices.Contains(needed, name) && !slices.Contains(needs, name):
			return field + " may be missing"
		case known:
			if problem := c.broken(field, before, after); problem != "" {
				return problem
			}
		}
	}
	before, after := old["additionalProperties"], current["additionalProperties"]
	if before == false && (!c.input || after != false) || reflect.DeepEqual(before, after) && reference(before) == "" {
		return ""
	}
	if before == nil && after == false { // fields that no schema names
		return ""
	}
	return c.broken(at+"{}", before, after)
}

// reference returns what a schema refers to.
func reference(schema any) string {
	object, _ := schema.(map[string]any)
	ref, _ := object["$ref"].(string)
	return ref
}

// resolve follows references within a document.
func resolve(document, schema any) any {
	for range 16 { // a longer chain is a circle
		ref := reference(schema)
		if ref == "" {
			return schema
		}
		schema = document
		for part := range strings.SplitSeq(strings.TrimPrefix(strings.TrimPrefix(ref, "#"), "/"), "/") {
			object, _ := schema.(map[string]any)
			if part == "" {
				continue
			}
			schema = object[strings.NewReplacer("~1", "/", "~0", "~").Replace(part)]
		}
	}
	return schema
}

// isAny reports whether a schema takes every value.
func isAny(schema any) bool {
	object, ok := schema.(map[string]any)
	return schema == true || schema == nil || ok && !slices.ContainsFunc(slices.Collect(maps.Keys(object)), func(k string) bool { return !labelKeywords[k] })
}

// set returns a string, or a list of them, sorted.
func set(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, element := range v {
			if s, ok := element.(string); ok {
				out = append(out, s)
			}
		}
		slices.Sort(out)
		return out
	default:
		return nil
	}
}

func where(at string) string {
	if at == "" {
		return ""
	}
	return at + ": "
}

// breaking says what of a changed handler callers may rely on.
func (c *HandlerChange) breaking(old, current admin.Handler) {
	if old.Type != current.Type {
		c.Breaking = append(c.Breaking, fmt.Sprintf("it is %s, was %s", current.Type, old.Type))
	}
	if old.Public && !current.Public {
		c.Breaking = append(c.Breaking, "it is private now")
	}
	if problem := broken(old.InputSchema, current.InputSchema, true); problem != "" {
		c.Breaking = append(c.Breaking, "its input: "+problem)
	}
	if problem := broken(old.OutputSchema, current.OutputSchema, false); problem != "" {
		c.Breaking = append(c.Breaking, "its output: "+problem)
	}
}
