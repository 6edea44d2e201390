package schema

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/fxrestate/go/internal/jsontype"
)

// object describes a struct. It allows no additional properties, because encoding/json
// writes none, unless a tag hides one.
func (g *generator) object(t reflect.Type) *jsonschema.Schema {
	s := &jsonschema.Schema{
		Type: "object", Properties: jsonschema.NewProperties(), AdditionalProperties: jsonschema.FalseSchema,
	}
	var properties []property
	for _, f := range jsontype.Fields(t) {
		p := g.property(f)
		if p.hidden {
			s.AdditionalProperties = nil
			continue
		}
		properties = append(properties, p)
	}
	g.applyTags(s, properties)
	for _, p := range properties {
		g.describeProperty(p)
		s.Properties.Set(p.field.Name, p.node.finish())
		if p.required {
			s.Required = append(s.Required, p.field.Name)
		}
	}
	return s
}

// property is a property of an object.
type property struct {
	field    jsontype.Field
	node     node
	required bool
	hidden   bool
	tag      reflect.StructTag // the part about the schema
}

func (g *generator) property(f jsontype.Field) property {
	p := property{field: f, node: g.fieldValue(f), required: !f.Optional()}
	if !g.custom {
		return p
	}
	rules := strings.Split(f.Go.Tag.Get("jsonschema"), ",")
	if rules[0] == "-" {
		g.customised, p.hidden = true, true
		return p
	}
	p.required = p.required || slices.Contains(rules, "required")
	p.node.nullable = p.node.nullable || slices.Contains(rules, "nullable")
	if p.tag = schemaTag(f.Go.Tag); p.tag != "" {
		g.customised = true
	}
	return p
}

// fieldValue describes the values of a field.
func (g *generator) fieldValue(f jsontype.Field) node {
	if n, ok := g.alias(f); ok {
		return n
	}
	if n, ok := quoted(f); ok {
		return n
	}
	return g.value(f.Go.Type, false)
}

// quoted describes a field with the option string in its tag. Types that encode
// themselves ignore the option.
func quoted(f jsontype.Field) (n node, ok bool) {
	if !f.Quoted {
		return node{}, false
	}
	t, pointer := f.Go.Type, f.Go.Type.Kind() == reflect.Pointer
	if pointer {
		t = t.Elem()
	}
	if _, own := jsontype.Encodes(t); own != jsontype.None || jsontype.Decodes(t) != jsontype.None {
		return node{}, false
	}
	return node{&jsonschema.Schema{Type: "string"}, pointer}, true
}

// schemaTags are the keys of struct tags for the schema.
var schemaTags = []string{"jsonschema", "jsonschema_description", "jsonschema_extras"}

// schemaTag returns the part of a tag for the schema, without the words nullable and
// required: this package handles both itself.
func schemaTag(tag reflect.StructTag) reflect.StructTag {
	var parts []string
	for _, key := range schemaTags {
		value, ok := tag.Lookup(key)
		if key == "jsonschema" {
			rules := slices.DeleteFunc(strings.Split(value, ","), func(rule string) bool { return rule == "nullable" || rule == "required" })
			value = strings.Join(rules, ",")
		}
		if ok && value != "" {
			parts = append(parts, key+":"+strconv.Quote(value))
		}
	}
	return reflect.StructTag(strings.Join(parts, " "))
}

// applyTags lets the library apply the tags of the properties. The library reads them
// from the fields of a struct, so it gets a struct with a field for each property: field
// i is an array of length i, which is mapped to the schema of property i.
func (g *generator) applyTags(s *jsonschema.Schema, properties []property) {
	if !slices.ContainsFunc(properties, func(p property) bool { return p.tag != "" }) {
		return
	}
	type placeholder struct{}
	names := make(map[string]string, len(properties))
	fields := make([]reflect.StructField, len(properties))
	for i, p := range properties {
		name := fmt.Sprintf("F%d", i)
		names[name] = p.field.Name
		fields[i] = reflect.StructField{Name: name, Type: reflect.ArrayOf(i, reflect.TypeFor[placeholder]()), Tag: p.tag}
	}
	reflector := jsonschema.Reflector{
		Anonymous: true, DoNotReference: true,
		Mapper: func(t reflect.Type) *jsonschema.Schema {
			if t.Kind() == reflect.Array {
				return properties[t.Len()].node.schema
			}
			return nil
		},
		KeyNamer: func(name string) string { return names[name] },
	}
	read := reflector.ReflectFromType(reflect.StructOf(fields))
	s.OneOf, s.AnyOf = read.OneOf, read.AnyOf
}
