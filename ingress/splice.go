package ingress

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
)

// property is a member that encoding/json fills a field from.
type property struct {
	name   string // empty: there is none at the top
	quoted bool   // a number or bool inside a string
	bound  bool   // the field comes from the URL
}

// propertyOf returns the property of a field, and whether a body fills the field. A
// field of an embedded struct that has a name of its own is filled and has no property
// at the top.
func (b binder) propertyOf(object reflect.Type, f reflect.StructField) (property, bool) {
	if b.parameters {
		tag, ok := object.Field(f.Index[0]).Tag.Lookup("input")
		if len(f.Index) > 1 {
			return property{}, ok
		}
		return named(tag, ""), ok
	}
	for i := 1; i < len(f.Index); i++ {
		if outer := object.FieldByIndex(f.Index[:i]).Tag.Get("json"); named(outer, "").name != "" {
			return property{}, outer != "-"
		}
	}
	tag := f.Tag.Get("json")
	switch {
	case tag == "-" || !f.IsExported():
		return property{}, false
	case f.Anonymous:
		return named(tag, ""), true // without a name its fields have theirs
	default:
		return named(tag, f.Name), true
	}
}

// named reads a tag.
func named(tag, otherwise string) property {
	name, options, _ := strings.Cut(tag, ",")
	return property{name: cmp.Or(name, otherwise), quoted: slices.Contains(strings.Split(options, ","), "string")}
}

// errNoObject is the error of a body that is no JSON object.
var errNoObject = errors.New("ingress: no JSON object")

// splice sets members in the client's own object, or in an empty one where there is
// none. Members that a decoder might take for one of them go, whatever the case of
// their names; of all others the bytes and the order stay.
func (b binder) splice(body []byte, values []urlValue) ([]byte, error) {
	for _, v := range values {
		if v.property.name == "" {
			return nil, errNoObject
		}
	}
	if trimmed := bytes.TrimSpace(body); len(body) == 0 || bytes.Equal(trimmed, []byte("null")) {
		body = []byte("{}")
	}
	members, err := splitObject(body)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	add := func(member []byte) {
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		out.Write(member)
	}
	out.WriteByte('{')
	for _, m := range members {
		if !b.isBound(m.name) {
			add(m.text)
		}
	}
	for _, v := range values {
		if v.literal == nil {
			continue
		}
		name, err := json.Marshal(v.property.name)
		if err != nil {
			return nil, err
		}
		add(append(append(name, ':'), v.literal...))
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// isBound tells whether encoding/json would put a member into a field that comes from
// the URL: the field of that very name, or else the first whose name is the same but
// for case.
func (b binder) isBound(name string) bool {
	for _, p := range b.properties {
		if p.name == name {
			return p.bound
		}
	}
	for _, p := range b.properties {
		if strings.EqualFold(p.name, name) {
			return p.bound
		}
	}
	return false
}

// member is a member of a JSON object: its name, and name and value as written.
type member struct {
	name string
	text []byte
}

// splitObject takes a JSON object apart. The texts are parts of body.
func splitObject(body []byte) ([]member, error) {
	if !json.Valid(body) {
		return nil, errNoObject
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if begin, err := d.Token(); err != nil || begin != json.Delim('{') {
		return nil, errNoObject
	}
	var members []member
	for d.More() {
		// A comma and blanks stand before the name.
		start := int(d.InputOffset())
		start += bytes.IndexByte(body[start:], '"')
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		members = append(members, member{name.(string), body[start:d.InputOffset()]})
	}
	return members, nil
}
