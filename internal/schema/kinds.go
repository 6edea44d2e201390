package schema

import (
	"encoding/json"
	"log/slog"
	"math/big"
	"reflect"
	"time"

	"github.com/invopop/jsonschema"

	"github.com/fxrestate/go/internal/jsontype"
)

// knownJSON are types of the standard library with a MarshalJSON whose output can be
// described.
var knownJSON = map[reflect.Type]jsonschema.Schema{
	reflect.TypeFor[time.Time]():  {Type: "string", Format: "date-time"},
	reflect.TypeFor[big.Int]():    {Type: "integer"},
	reflect.TypeFor[slog.Level](): {Type: "string"},
}

// ownJSON describes a type with MarshalJSON or UnmarshalJSON. The schema is open, except
// for some known types.
func (g *generator) ownJSON(t reflect.Type, encodes jsontype.Own) node {
	known, ok := knownJSON[t]
	switch {
	case !ok:
		return g.extended(t, open())
	case encodes == jsontype.JSON:
		return g.extended(t, node{schema: &known})
	default:
		return g.orElse(t, &known)
	}
}

var numberType = reflect.TypeFor[json.Number]()

// plain describes a type without own encoding, by its kind.
func (g *generator) plain(t reflect.Type) node {
	switch t.Kind() {
	case reflect.Struct, reflect.Map, reflect.Array:
		return g.composite(t)
	case reflect.Slice:
		if jsontype.IsBytes(t) {
			return g.extended(t, node{&jsonschema.Schema{Type: "string", ContentEncoding: "base64"}, true})
		}
		return g.composite(t)
	default:
		return g.extended(t, node{schema: &jsonschema.Schema{Type: basicType(t)}})
	}
}

// basicType returns the schema type of a scalar type, or "" if nothing is known.
func basicType(t reflect.Type) string {
	switch k := t.Kind(); {
	case t == numberType:
		return "number"
	case k == reflect.String:
		return "string"
	case k == reflect.Bool:
		return "boolean"
	case k == reflect.Float32, k == reflect.Float64:
		return "number"
	case jsontype.IsInteger(k):
		return "integer"
	default:
		return ""
	}
}

// composite describes a type that contains other types. A named type becomes a
// definition, and may be recursive.
func (g *generator) composite(t reflect.Type) node {
	describe := func() node {
		var n node
		switch t.Kind() {
		case reflect.Struct:
			n = node{schema: g.object(t)}
		case reflect.Map:
			n = node{g.dictionary(t), true}
		default:
			n = node{g.list(t), t.Kind() == reflect.Slice}
		}
		return g.extended(t, n)
	}
	if t.Name() == "" {
		return describe()
	}
	return node{schema: g.define(t, func() *jsonschema.Schema { return describe().finish() })}
}

func (g *generator) list(t reflect.Type) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "array", Items: g.value(t.Elem(), t.Kind() == reflect.Slice).finish()}
	if t.Kind() == reflect.Array {
		n := uint64(t.Len())
		s.MinItems, s.MaxItems = &n, &n
	}
	return s
}

func (g *generator) dictionary(t reflect.Type) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "object"}
	if element := g.value(t.Elem(), false).finish(); !isAnything(element) {
		s.AdditionalProperties = element
	}
	if own, _ := jsontype.Encodes(t.Key()); own == jsontype.None && jsontype.Decodes(t.Key()) == jsontype.None && jsontype.IsInteger(t.Key().Kind()) {
		s.PropertyNames = &jsonschema.Schema{Pattern: "^-?[0-9]+$"}
	}
	return s
}
