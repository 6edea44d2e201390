// Package schema describes Go types to discovery, as a JSON Schema (draft 2020-12)
// of what encoding/json writes for their values.
//
// Neither of the libraries that make schemas from Go types does that:
// github.com/invopop/jsonschema knows no nil, no MarshalText and no rules about
// which of two embedded fields counts, and does not end for structs that embed
// pointers to each other; github.com/google/jsonschema-go takes no recursive types.
// So the types are read here, by the rules in package jsontype. The schemas are
// values of the former, and what a type or a tag says to it takes effect.
package schema

import (
	"encoding/json"
	"reflect"

	"github.com/invopop/jsonschema"

	"github.com/fxrestate/go/internal/jsontype"
)

// Document is a schema that the server takes.
type Document struct {
	// JSON is the schema.
	JSON json.RawMessage
	// LeftOut is why what the types and their tags say about their schemas is not
	// in it: with that the server would refuse it. It is nil when it is.
	LeftOut error
}

// MarshalJSON returns the schema.
func (d Document) MarshalJSON() ([]byte, error) { return d.JSON, nil }

// anything is the schema of what cannot be described: it takes each value.
var anything = json.RawMessage("{}")

// Of describes a type. Nil is the type of nothing that is known, as an interface
// is.
//
// Structs, maps, slices and arrays with a name are definitions, named for the
// package and the type. Types that encode themselves by MarshalJSON, interfaces and
// what encoding/json does not encode are left open. A nil pointer, map or slice is
// null. What types say by the methods that github.com/invopop/jsonschema knows,
// and fields by its tags, takes effect as it does there, if the result is one that
// the server takes.
func Of(t reflect.Type) Document {
	if t == nil {
		return Document{JSON: anything}
	}
	g := newGenerator(true)
	doc, err := g.document(t)
	if err == nil && g.customised {
		doc, err = Sound(doc)
	}
	if err == nil {
		return Document{JSON: doc}
	}
	leftOut := err
	if doc, err = newGenerator(false).document(t); err != nil {
		return Document{JSON: anything, LeftOut: err}
	}
	return Document{JSON: doc, LeftOut: leftOut}
}

// generator makes one document.
type generator struct {
	definitions jsonschema.Definitions
	names       map[reflect.Type]string
	uses        map[string]int        // of definitions, by others and by the root
	passing     map[reflect.Type]bool // pointers and aliases that are being followed

	custom     bool // ask types and tags for what they say
	customised bool // one said something
	err        error
}

func newGenerator(custom bool) *generator {
	return &generator{
		definitions: jsonschema.Definitions{},
		names:       map[reflect.Type]string{},
		uses:        map[string]int{},
		passing:     map[reflect.Type]bool{},
		custom:      custom,
	}
}

// document returns the encoded schema of a type. A definition that is the whole of
// it stands at the root, where readers such as the playground of the server look
// for it.
func (g *generator) document(t reflect.Type) (json.RawMessage, error) {
	n := g.value(t, false)
	root := *n.schema
	if name, ok := definitionOf(n.schema); ok {
		root = *g.definitions[name]
		switch {
		case g.uses[name] == 1 && !g.customised: // tags may refer to it by its bare name
			delete(g.definitions, name)
		case !n.nullable:
			g.definitions[name] = &jsonschema.Schema{Ref: "#"}
		}
	}
	root = *node{&root, n.nullable}.finish()
	switch {
	case g.err != nil:
		return nil, g.err
	case isAnything(&root):
		return anything, nil
	}
	root.Version = jsonschema.Version
	root.Definitions = g.definitions
	encoded, err := json.Marshal(&root)
	if err != nil || !g.customised {
		return encoded, err
	}
	return g.linked(encoded), nil
}

// define makes the definition of a named type, once, and returns a reference to it.
func (g *generator) define(t reflect.Type, make func() *jsonschema.Schema) *jsonschema.Schema {
	name, known := g.names[t]
	if !known {
		name = g.name(t)
		g.names[t] = name
		g.definitions[name] = &jsonschema.Schema{}
		*g.definitions[name] = *make()
	}
	g.uses[name]++
	return &jsonschema.Schema{Ref: refPrefix + name}
}

// node is a schema, and whether null is a value beside those that it takes.
type node struct {
	schema   *jsonschema.Schema
	nullable bool
}

// open is the node of what cannot be described.
func open() node { return node{schema: &jsonschema.Schema{}} }

// finish returns the schema with null in it.
func (n node) finish() *jsonschema.Schema {
	s := n.schema
	switch {
	case !n.nullable || isAnything(s):
		return s
	case s.Type != "" && s.Enum == nil && s.Const == nil && s.AllOf == nil && s.AnyOf == nil && s.OneOf == nil && s.Not == nil && s.If == nil && s.Ref == "":
		with := *s
		with.Type = ""
		with.Extras = map[string]any{"type": []string{s.Type, "null"}}
		for key, value := range s.Extras {
			with.Extras[key] = value
		}
		return &with
	default:
		return withAnnotationsOf(s, func(bare *jsonschema.Schema) *jsonschema.Schema {
			return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{bare, {Type: "null"}}}
		})
	}
}

// withAnnotationsOf wraps a schema, and moves what readers are told about it to the
// outside.
func withAnnotationsOf(s *jsonschema.Schema, wrap func(*jsonschema.Schema) *jsonschema.Schema) *jsonschema.Schema {
	bare := *s
	bare.Title, bare.Description, bare.Comments, bare.Default, bare.Examples = "", "", "", nil, nil
	bare.Deprecated, bare.ReadOnly, bare.WriteOnly = false, false, false
	out := wrap(&bare)
	out.Title, out.Description, out.Comments, out.Default, out.Examples = s.Title, s.Description, s.Comments, s.Default, s.Examples
	out.Deprecated, out.ReadOnly, out.WriteOnly = s.Deprecated, s.ReadOnly, s.WriteOnly
	return out
}

func isAnything(s *jsonschema.Schema) bool {
	return s.Type == "" && s.Ref == "" && reflect.ValueOf(s).Elem().IsZero()
}

// value describes the values of a type. Addressed tells that they have an address,
// which methods of the pointer need.
func (g *generator) value(t reflect.Type, addressed bool) node {
	if t.Kind() == reflect.Pointer {
		return g.follow(t, func() node {
			n := g.value(t.Elem(), true)
			n.nullable = true
			return n
		})
	}
	if n, ok := g.customValue(t, addressed); ok {
		return n
	}
	onValue, onAddress := jsontype.Encodes(t)
	if addressed {
		onValue = onAddress
	}
	decodes := jsontype.Decodes(t)
	switch {
	case onValue == jsontype.JSON || onAddress == jsontype.JSON || decodes == jsontype.JSON:
		return g.ownJSON(t, onValue)
	case onValue == jsontype.Text && decodes == jsontype.Text:
		return g.extended(t, node{schema: &jsonschema.Schema{Type: "string"}})
	case onAddress == jsontype.Text || decodes == jsontype.Text:
		return g.orElse(t, &jsonschema.Schema{Type: "string"})
	default:
		return g.plain(t)
	}
}

// follow describes what a type stands for. A named type that leads to itself in
// this way leads nowhere.
func (g *generator) follow(t reflect.Type, describe func() node) node {
	switch {
	case t.Name() == "":
		return describe()
	case g.passing[t]:
		return open()
	}
	g.passing[t] = true
	defer delete(g.passing, t)
	return describe()
}

// orElse describes a type that has another form where its methods do not take part.
func (g *generator) orElse(t reflect.Type, own *jsonschema.Schema) node {
	plain := g.plain(t)
	switch {
	case isAnything(plain.schema) && t.Kind() == reflect.Interface:
		return plain
	case isAnything(plain.schema): // a kind that has no other form
		return node{schema: own}
	case plain.schema.Type == own.Type && plain.schema.ContentEncoding == "":
		return node{own, plain.nullable}
	}
	return node{&jsonschema.Schema{AnyOf: []*jsonschema.Schema{own, plain.schema}}, plain.nullable}
}
