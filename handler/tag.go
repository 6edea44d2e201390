package handler

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/fxrestate/go/internal/jsontype"
)

// textTags are the tags of fields that are not filled from the body.
var textTags = map[string]func(name string) func(Source) string{
	"header":          func(name string) func(Source) string { return func(s Source) string { return s.Header(name) } },
	"key":             func(string) func(Source) string { return Source.Key },
	"invocation-id":   func(string) func(Source) string { return Source.ID },
	"idempotency-key": func(string) func(Source) string { return Source.IdempotencyKey },
}

// bindingOf reads the tag of a parameter object's field. The property is nil if the
// field is not filled from the body.
func bindingOf(f reflect.StructField, keyed bool) (bind binding, property *reflect.StructField, err error) {
	if path, found := FindIn(f.Type); found {
		return binding{}, nil, fmt.Errorf("has a handler.In within (%s), whose tags nothing reads; embed one in the input itself only", strings.TrimSuffix(f.Name+"."+path, "."))
	}
	if !f.IsExported() {
		return binding{}, nil, errors.New("is not exported, so nothing can fill it")
	}
	tags, rest := parseTag(f.Tag)
	source, err := sourceOf(tags)
	switch {
	case rest != "":
		return binding{}, nil, fmt.Errorf("has the tag `%s`, which cannot be read from `%s` on; write key:\"value\" pairs", f.Tag, rest)
	case err != nil:
		return binding{}, nil, err
	case f.Tag == "":
		return binding{}, nil, errors.New(`has no tag; write input:"…", header:"…", key:"", invocation-id:"" or idempotency-key:""`)
	case source == nil:
		return binding{}, nil, fmt.Errorf("has the tag `%s`, which has none of input, header, key, invocation-id and idempotency-key", f.Tag)
	case source.key == "input":
		return propertyOf(f, tags, source.value)
	case source.key == "header" && source.value == "":
		return binding{}, nil, errors.New(`has no name in its tag; write header:"name"`)
	case source.key == "key" && !keyed:
		return binding{}, nil, errors.New("wants the key, and a service has none")
	case !takesText(f.Type):
		return binding{}, nil, fmt.Errorf("is a %s, which text cannot fill; use a string, a number, a bool or a type with UnmarshalText", f.Type)
	}
	name := strings.TrimSpace(source.key + " " + source.value)
	return binding{property: -1, name: name, text: textTags[source.key](source.value)}, nil, nil
}

// propertyOf makes the property of the body from which a field is filled. It has the
// field's tags, and its JSON name is that of the input tag.
func propertyOf(f reflect.StructField, tags []tag, value string) (binding, *reflect.StructField, error) {
	name, options, listed := strings.Cut(value, ",")
	switch {
	case name == "":
		return binding{}, nil, errors.New(`has no name in its tag; write input:"name"`)
	case name == "-" && !listed:
		return binding{}, nil, errors.New(`has the tag input:"-", so nothing can fill it; name a property`)
	case !jsontype.ValidName(name):
		return binding{}, nil, fmt.Errorf("has the name %q in its tag, which encoding/json does not accept; use letters, digits and punctuation without quotes and backslashes", name)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "json:%q", value)
	for _, t := range tags {
		if t.key != "json" && t.key != "input" {
			fmt.Fprintf(&b, " %s:%q", t.key, t.value)
		}
	}
	return binding{name: name, presence: presenceOf(f, options)}, &reflect.StructField{Name: f.Name, Type: f.Type, Tag: reflect.StructTag(b.String())}, nil
}

// sourceOf returns the tag that names the source of a field, or nil.
func sourceOf(tags []tag) (*tag, error) {
	var source *tag
	for i, t := range tags {
		if _, ok := textTags[t.key]; !ok && t.key != "input" {
			continue
		}
		if source != nil {
			return nil, fmt.Errorf("has the tags %s and %s, and a field is filled from one place; remove one", source.key, t.key)
		}
		source = &tags[i]
	}
	return source, nil
}

// tag is one key:"value" of a struct tag.
type tag struct{ key, value string }

// parseTag parses a struct tag by the rules of reflect.StructTag. A source that needs
// no value may be the last tag without one. The rest is what cannot be parsed.
func parseTag(st reflect.StructTag) (tags []tag, rest string) {
	rest = strings.TrimLeft(string(st), " ")
	for rest != "" {
		key, after, ok := strings.Cut(rest, ":")
		if bare := strings.TrimRight(rest, " "); textTags[bare] != nil && bare != "header" {
			return append(tags, tag{key: bare}), ""
		}
		quoted, err := strconv.QuotedPrefix(after)
		if !ok || err != nil || strings.ContainsAny(key, "\" ") || key == "" || quoted[0] != '"' {
			return tags, rest
		}
		value, err := strconv.Unquote(quoted)
		if err != nil {
			return tags, rest
		}
		tags = append(tags, tag{key, value})
		rest = strings.TrimLeft(after[len(quoted):], " ")
	}
	return tags, ""
}
