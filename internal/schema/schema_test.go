package schema_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/schema"
	"github.com/fxrestate/go/internal/schema/schematest"
)

// compile makes a validator from a schema, by the rules of its draft only.
func compile(t *testing.T, encoded []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.UseLoader(nothing{})
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	c.AssertContent()
	require.NoError(t, c.AddResource("test:///schema", doc), "%s", encoded)
	s, err := c.Compile("test:///schema")
	require.NoError(t, err, "%s", encoded)
	return s
}

// nothing loads no schemas.
type nothing struct{}

func (nothing) Load(url string) (any, error) {
	return nil, &jsonschema.LoadURLError{URL: url}
}

func validate(t *testing.T, s *jsonschema.Schema, value string) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(value))
	require.NoError(t, err, value)
	return s.Validate(v)
}

func TestSchemasTakeWhatEncodingJSONWrites(t *testing.T) {
	t.Parallel()
	types := schematest.Types()
	require.GreaterOrEqual(t, len(types), 60)
	names := map[string]bool{}
	for _, typ := range types {
		require.False(t, names[typ.Name], typ.Name)
		names[typ.Name] = true
		t.Run(typ.Name, func(t *testing.T) {
			t.Parallel()
			doc := schema.Of(typ.Type)
			require.Equal(t, typ.LeftOut, doc.LeftOut != nil, "%v", doc.LeftOut)
			requireSafeNames(t, doc.JSON)
			s := compile(t, doc.JSON)
			for _, value := range typ.Values {
				for _, encoded := range encodings(t, typ.Type, value) {
					require.NoError(t, validate(t, s, encoded), "%s\n%s", encoded, doc.JSON)
				}
			}
			for _, refused := range typ.Refuses {
				require.Error(t, validate(t, s, refused), "%s\n%s", refused, doc.JSON)
			}
		})
	}
}

// encodings returns what encoding/json writes for a value that is not addressable and
// for one that is.
func encodings(t *testing.T, typ reflect.Type, value any) []string {
	t.Helper()
	direct, err := json.Marshal(value)
	require.NoError(t, err)
	addressed := reflect.New(typ)
	if value != nil {
		addressed.Elem().Set(reflect.ValueOf(value))
	}
	behind, err := json.Marshal(addressed.Interface())
	require.NoError(t, err)
	return []string{string(direct), string(behind)}
}

// requireSafeNames checks the names of definitions: the server makes an OpenAPI document
// from the schema. OpenAPI has stricter rules, and the server changes references without
// regard to identifiers.
func requireSafeNames(t *testing.T, encoded json.RawMessage) {
	t.Helper()
	var doc struct {
		ID    string                     `json:"$id"`
		Defs  map[string]json.RawMessage `json:"$defs"`
		Draft string                     `json:"$schema"`
	}
	require.NoError(t, json.Unmarshal(encoded, &doc))
	require.Empty(t, doc.ID)
	for name := range doc.Defs {
		require.Regexp(t, `^[a-zA-Z0-9._-]+$`, name)
	}
	if string(encoded) != "{}" {
		require.Equal(t, "https://json-schema.org/draft/2020-12/schema", doc.Draft)
	}
}

func TestNothingThatIsKnownTakesAnything(t *testing.T) {
	t.Parallel()
	for name, typ := range map[string]reflect.Type{
		"nothing":        nil,
		"any":            reflect.TypeFor[any](),
		"an interface":   reflect.TypeFor[error](),
		"a channel":      reflect.TypeFor[chan int](),
		"a function":     reflect.TypeFor[func()](),
		"a complex type": reflect.TypeFor[complex64](),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, "{}", string(schema.Of(typ).JSON))
		})
	}
}

// schemaOf returns the schema that a type has under a name.
func schemaOf(t *testing.T, name string) string {
	t.Helper()
	for _, typ := range schematest.Types() {
		if typ.Name == name {
			return strings.ReplaceAll(string(schema.Of(typ.Type).JSON), "github.com.fxrestate.go.internal.schema.schematest.", "")
		}
	}
	require.FailNow(t, "no such type", name)
	return ""
}

func TestWhatTypesAndTagsSayIsInTheSchema(t *testing.T) {
	t.Parallel()
	for name, wants := range map[string][]string{
		"fields whose tags describe them": {
			`"title":{"type":"string","maxLength":9,"minLength":0,"title":"A title","description":"What it is","examples":["a"]}`,
			`"text":{"type":"string","description":"commas, and all"}`,
			`"enum":{"anyOf":[{"type":"string","enum":["a","b"]},{"type":"null"}]}`,
			`"number":{"type":"integer","maximum":9,"minimum":0,"default":1}`,
			`"item":{"anyOf":[{"$ref":"#/$defs/Item"},{"type":"null"}],"description":"an item"}`,
			`"nullable":{"type":["string","null"]}`,
			`"extra":{"type":"string","x-order":"1"}`,
			`"either":{"oneOf":[{"type":"string"},{"type":"null"},{"type":"boolean"}]}`,
			`"ref":{"anyOf":[{"$ref":"#/$defs/Item"},{"$ref":"#/$defs/Gr_e-82668920"}]}`,
		},
		"a choice of properties":                      {`"oneOf":[{"required":["a"],"title":"a"},{"required":["b"],"title":"b"}]`},
		"a type that describes itself":                {`"type":"object","description":"itself"`},
		"a type that describes itself by the library": {`"items":{"$ref":"#/$defs/Item"}`, `"$defs":{"Item":{`},
		"a type that adds to its schema":              {`"day":{"type":"string","description":"the day"}`},
		"a slice that adds to its schema":             {`"title":"extended"`},
		"a type that is described as another":         {`"type":"string","format":"date-time"`},
		"a property that is described as another":     {`"at":{"type":"string"}`},
		"a type that describes its fields":            {`"a":{"type":"string","description":"field A"}`, `"description":"field B"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := schemaOf(t, name)
			for _, want := range wants {
				require.Contains(t, got, want)
			}
		})
	}
}

func TestDefinitionsAreNamedForPackageAndType(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a struct": `{"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"sku":{"type":"string"},"amount":{"type":"integer"},"price":{"type":"number"}},` +
			`"additionalProperties":false,"type":"object","required":["sku","price"]}`,
		"structs that refer to each other": `{"$schema":"https://json-schema.org/draft/2020-12/schema","$defs":{` +
			`"Husband":{"$ref":"#"},` +
			`"Wife":{"properties":{"husbands":{"items":{"$ref":"#/$defs/Husband"},"type":["array","null"]},"note":{"type":"string"}},"additionalProperties":false,"type":"object","required":["husbands","note"]}},` +
			`"properties":{"wife":{"anyOf":[{"$ref":"#/$defs/Wife"},{"type":"null"}]}},"additionalProperties":false,"type":"object","required":["wife"]}`,
		"a map of a generic type": `{"$schema":"https://json-schema.org/draft/2020-12/schema","$defs":{` +
			`"Opt_int-b852e901":{"properties":{"V":{"type":"integer"}},"additionalProperties":false,"type":"object","required":["V"]}},` +
			`"additionalProperties":{"$ref":"#/$defs/Opt_int-b852e901"},"type":["object","null"]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, want, schemaOf(t, name))
		})
	}
	full := string(schema.Of(reflect.TypeFor[[]schematest.Item]()).JSON)
	require.Contains(t, full, `"github.com.fxrestate.go.internal.schema.schematest.Item":{`)
}
