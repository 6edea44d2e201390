// Package schema makes JSON Schemas (draft 2020-12) of Go types for discovery. A schema
// describes what encoding/json writes for the values of a type.
//
// No library for Go types does that. github.com/invopop/jsonschema ignores nil,
// MarshalText and the rules for conflicting embedded fields, and does not terminate for
// structs that embed pointers to each other. github.com/google/jsonschema-go does not
// accept recursive types. So this package reads the types itself, by the rules in package
// jsontype. It builds schemas of invopop/jsonschema, and supports the methods and tags of
// that library.
package schema

import (
	"encoding/json"
	"reflect"

	"github.com/invopop/jsonschema"

	"github.com/fxrestate/go/internal/jsontype"
)

// Document is a schema that the server accepts.
type Document struct {
	// JSON is the schema.
	JSON json.RawMessage
	// LeftOut is not nil if the schema ignores the schema methods and tags of the
	// types. It is the reason why the server would reject the schema with them.
	LeftOut error
}

// MarshalJSON returns the schema.
func (d Document) MarshalJSON() ([]byte, error) { return d.JSON, nil }

// anything is the open schema, which accepts every value. It is used for types that
// cannot be described.
var anything = json.RawMessage("{}")

// Of describes a type. For nil, as for an interface, it returns the open schema.
//
// Named structs, maps, slices and arrays become definitions with the names of the package
// and the type. The schema is open for types with MarshalJSON, for interfaces and for
// types that encoding/json does not encode. A nil pointer, map or slice is null. The
// methods and tags of github.com/invopop/jsonschema have their usual effect, if the
// server accepts the result.
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
	uses        map[string]int        // references to definitions, including those of the root
	passing     map[reflect.Type]bool // pointers and aliases that are being followed

	custom     bool // use the schema methods and tags of types
	customised bool // such a method or tag was used
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

// document returns the encoded schema of a type. If the schema is only a reference to a
// definition, the definition moves to the root, where readers such as the playground of
// the server look for it.
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

// define makes the definition of a named type once, and returns a reference to it.
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

// node is a schema, and whether null is an additional value.
type node struct {
	schema   *jsonschema.Schema
	nullable bool
}

// open returns the node for a type that cannot be described.
func open() node { return node{schema: &jsonschema.Schema{}} }

// finish returns the schema, including null.
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

// withAnnotationsOf wraps a schema, and moves its annotations to the outer schema.
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

// value describes the values of a type. Addressed tells whether they are addressable,
// which methods with a pointer receiver need.
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

// follow describes the type behind a pointer or an alias. For a named type that leads to
// itself in this way, it returns an open node.
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

// orElse describes a type that has another encoding where its methods do not apply.
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
