package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/invopop/jsonschema"

	"github.com/fxrestate/go/internal/jsontype"
)

// The methods with which types describe their schemas. They are those of
// github.com/invopop/jsonschema, which does not export the interfaces. As there, they
// apply to values that have them, and are called on a pointer to a zero value.
type (
	selfDescribing interface{ JSONSchema() *jsonschema.Schema }
	extending      interface{ JSONSchemaExtend(*jsonschema.Schema) }
	aliased        interface{ JSONSchemaAlias() any }
	aliasing       interface{ JSONSchemaProperty(name string) any }
	documented     interface{ GetFieldDocString(field string) string }
)

// ask calls a method of a type, if the type has it.
func ask[M, A any](g *generator, t reflect.Type, call func(M) A) (answer A, ok bool, err error) {
	if !g.custom || !t.Implements(reflect.TypeFor[M]()) {
		return answer, false, nil
	}
	g.customised = true
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%s panics where it is asked about its schema: %v", t, v)
		}
	}()
	return call(reflect.New(t).Interface().(M)), true, nil
}

// customValue describes a type that has a method for its own schema.
func (g *generator) customValue(t reflect.Type, addressed bool) (node, bool) {
	alias, ok, err := ask(g, t, aliased.JSONSchemaAlias)
	switch {
	case err != nil:
		return g.failed(err), true
	case ok && alias == nil:
		return open(), true
	case ok:
		return g.follow(t, func() node { return g.value(reflect.TypeOf(alias), addressed) }), true
	}
	own, ok, err := ask(g, t, selfDescribing.JSONSchema)
	switch {
	case err != nil:
		return g.failed(err), true
	case !ok:
		return node{}, false
	case t.Name() == "":
		return node{schema: g.adopt(own)}, true
	default:
		return node{schema: g.define(t, func() *jsonschema.Schema { return g.adopt(own) })}, true
	}
}

// extended lets a type change its schema.
func (g *generator) extended(t reflect.Type, n node) node {
	_, _, err := ask(g, t, func(e extending) struct{} {
		e.JSONSchemaExtend(n.schema)
		return struct{}{}
	})
	if err != nil {
		return g.failed(err)
	}
	return n
}

// alias describes a field whose struct declares another type for its values.
func (g *generator) alias(f jsontype.Field) (node, bool) {
	other, _, err := ask(g, f.Owner, func(a aliasing) any { return a.JSONSchemaProperty(f.Name) })
	switch {
	case err != nil:
		return g.failed(err), true
	case other == nil:
		return node{}, false
	default:
		return g.value(reflect.TypeOf(other), false), true
	}
}

// describeProperty adds the description that the struct has for a property.
func (g *generator) describeProperty(p property) {
	text, ok, err := ask(g, p.field.Owner, func(d documented) string { return d.GetFieldDocString(p.field.Go.Name) })
	if err != nil {
		g.failed(err)
	}
	if ok {
		p.node.schema.Description = text
	}
}

// failed records err and returns an open node for the type.
func (g *generator) failed(err error) node {
	if g.err == nil {
		g.err = err
	}
	return open()
}

// adopt makes a schema document a part of this one: it moves the definitions to ours,
// and removes the document's own identifiers.
func (g *generator) adopt(s *jsonschema.Schema) *jsonschema.Schema {
	if s == nil {
		return &jsonschema.Schema{}
	}
	part := *s
	for name, definition := range part.Definitions {
		if other, ok := g.definitions[name]; ok && !reflect.DeepEqual(other, definition) {
			g.failed(fmt.Errorf("two types define %q in the schemas that they describe themselves by", name))
		}
		g.definitions[name] = definition
	}
	part.ID, part.Version, part.Definitions = jsonschema.EmptyID, "", nil
	return &part
}

// linked redirects references with the bare name of a type to its definition, if only
// one type has that name. github.com/invopop/jsonschema uses bare names.
func (g *generator) linked(encoded json.RawMessage) json.RawMessage {
	bare := map[string]string{}
	for t, name := range g.names {
		if _, taken := g.definitions[t.Name()]; taken {
			continue
		}
		if _, ambiguous := bare[t.Name()]; ambiguous {
			name = ""
		}
		bare[t.Name()] = name
	}
	for from, to := range bare {
		if to != "" {
			encoded = bytes.ReplaceAll(encoded, entry{"$ref", refPrefix + from}.encoded(), entry{"$ref", refPrefix + to}.encoded())
		}
	}
	return encoded
}

// entry is a keyword of a schema with a string value.
type entry struct{ key, text string }

// encoded returns the entry in compact JSON. The contents of a string cannot look like
// it, because quotes are escaped there.
func (e entry) encoded() []byte {
	text, _ := json.Marshal(e.text)
	return fmt.Appendf(nil, "%q:%s", e.key, text)
}
