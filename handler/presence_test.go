package handler_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/handler"
)

type (
	// Maybe is null when it is empty.
	Maybe struct{ N *int }
	// Fragile panics on its zero value.
	Fragile struct{ N *int }
	// Presence has properties of all kinds.
	Presence struct {
		handler.In

		Text     string          `input:"text"`
		Number   int             `input:"number"`
		Struct   Item            `input:"struct"`
		Time     time.Time       `input:"time"`
		Array    [1]int          `input:"array"`
		Pointer  *int            `input:"pointer"`
		Map      map[string]int  `input:"map"`
		Slice    []int           `input:"slice"`
		Bytes    []byte          `input:"bytes"`
		Any      any             `input:"any"`
		Raw      json.RawMessage `input:"raw"`
		Maybe    Maybe           `input:"maybe"`
		Fragile  Fragile         `input:"fragile"`
		Quoted   int             `input:"quoted,string"`
		QuotedP  *int            `input:"quotedP,string"`
		Level    Level           `input:"level"`
		Nullable string          `input:"nullable" jsonschema:"nullable"`
		Optional string          `input:"optional,omitempty"`
		Zero     time.Time       `input:"zero,omitzero"`
		Listed   []int           `input:"listed,string"`
		Header   string          `header:"x-header"`
	}
	// Level has MarshalText and UnmarshalText.
	Level int
)

func (m Maybe) MarshalJSON() ([]byte, error)     { return json.Marshal(m.N) }
func (m *Maybe) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, &m.N) }

func (f Fragile) MarshalJSON() ([]byte, error)     { return json.Marshal(*f.N) }
func (f *Fragile) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, &f.N) }

func (l Level) MarshalText() ([]byte, error) { return fmt.Append(nil, "level-", int(l)), nil }
func (l *Level) UnmarshalText(text []byte) error {
	_, err := fmt.Sscanf(string(text), "level-%d", (*int)(l))
	return err
}

// Presences takes a Presence.
type Presences struct{}

func (Presences) Take(_ restate.Context, in Presence) (int, error) { return 0, nil }

// whole is a body with all properties.
func whole() map[string]any {
	return map[string]any{
		"text": "", "number": 0, "struct": map[string]any{"sku": "a"}, "time": "2026-01-02T03:04:05Z", "array": []int{1},
		"pointer": 1, "map": map[string]int{"a": 1}, "slice": []int{}, "bytes": "eA==", "any": false, "raw": []int{1}, "maybe": 1,
		"fragile": 1, "quoted": "7", "quotedP": "8", "level": "level-3", "nullable": "n", "listed": []int{2},
	}
}

// undecodable begins the errors of a body of whole properties.
const undecodable = "the body cannot be decoded into the input of Presences/Take (handler_test.Presence): "

func bindWhole(t *testing.T, change func(map[string]any), opts ...restate.HandlerOption) (Presence, error) {
	t.Helper()
	body := whole()
	change(body)
	encoded, err := json.Marshal(body)
	require.NoError(t, err)
	m, _ := describe[Presences](t, handler.Spec{Handlers: []handler.HandlerSpec{{Method: Presences.Take, Options: opts}}}).Method("Take")
	in, err := m.Decode(invocation{string(encoded), nil})
	if err != nil {
		return Presence{}, err
	}
	return in.(Presence), nil
}

func TestPropertiesAreDecodedAsTheyAre(t *testing.T) {
	t.Parallel()
	one, seven, eight := 1, 7, 8
	in, err := bindWhole(t, func(map[string]any) {})
	require.NoError(t, err)
	require.Equal(t, Presence{
		Struct: Item{SKU: "a"}, Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Array: [1]int{1}, Pointer: &one, Map: map[string]int{"a": 1},
		Slice: []int{}, Bytes: []byte("x"), Any: false, Raw: json.RawMessage("[1]"), Maybe: Maybe{&one}, Fragile: Fragile{&one},
		Quoted: seven, QuotedP: &eight, Level: 3, Nullable: "n", Listed: []int{2},
	}, in)
}

func TestRequiredPropertiesAreEnforced(t *testing.T) {
	t.Parallel()
	for property, tt := range map[string]struct {
		missing, null string // what is wrong, or empty
		value         any    // for null
	}{
		"text":     {`the property "text" is missing`, `the property "text" is null`, nil},
		"number":   {`the property "number" is missing`, `the property "number" is null`, nil},
		"struct":   {`the property "struct" is missing`, `the property "struct" is null`, nil},
		"time":     {`the property "time" is missing`, `the property "time" is null`, nil},
		"array":    {`the property "array" is missing`, `the property "array" is null`, nil},
		"level":    {`the property "level" is missing`, `the property "level" is null`, nil},
		"fragile":  {`the property "fragile" is missing`, `the property "fragile" is null`, nil},
		"quoted":   {`the property "quoted" is missing or null`, `the property "quoted" is missing or null`, nil},
		"pointer":  {`the property "pointer" is missing`, "", (*int)(nil)},
		"map":      {`the property "map" is missing`, "", map[string]int(nil)},
		"slice":    {`the property "slice" is missing`, "", []int(nil)},
		"listed":   {`the property "listed" is missing`, "", []int(nil)},
		"bytes":    {`the property "bytes" is missing`, "", []byte(nil)},
		"any":      {`the property "any" is missing`, "", nil},
		"raw":      {`the property "raw" is missing`, "", json.RawMessage("null")},
		"maybe":    {`the property "maybe" is missing`, "", Maybe{}},
		"nullable": {`the property "nullable" is missing`, "", ""},
		"quotedP":  {"", "", (*int)(nil)},
		"optional": {"", "", ""},
		"zero":     {"", "", time.Time{}},
	} {
		t.Run(property, func(t *testing.T) {
			t.Parallel()
			field := func(in Presence) any {
				typ := reflect.TypeOf(in)
				for i := range typ.NumField() {
					if tag := typ.Field(i).Tag.Get("input"); tag == property || len(tag) > len(property) && tag[:len(property)+1] == property+"," {
						return reflect.ValueOf(in).Field(i).Interface()
					}
				}
				return "no such field"
			}
			in, err := bindWhole(t, func(body map[string]any) { delete(body, property) })
			if tt.missing != "" {
				require.EqualError(t, err, undecodable+tt.missing)
			} else {
				require.NoError(t, err)
				require.Equal(t, tt.value, field(in))
			}
			in, err = bindWhole(t, func(body map[string]any) { body[property] = nil })
			if tt.null != "" {
				require.EqualError(t, err, undecodable+tt.null)
			} else {
				require.NoError(t, err)
				require.Equal(t, tt.value, field(in))
			}
		})
	}
}

func TestAllMissingPropertiesAreNamedAtOnce(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"an empty object": "{}", "null": "null", "the zero of nothing": `{"other":1}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, _ := describe[Presences](t, handler.Spec{}).Method("Take")
			_, err := m.Decode(invocation{body, nil})
			for property := range whole() {
				if property != "quotedP" {
					require.ErrorContains(t, err, fmt.Sprintf("the property %q is missing", property))
				}
			}
			_, err = m.Decode(invocation{body, nil})
			require.ErrorContains(t, err, `the property "text" is missing, the property "number" is missing`)
		})
	}
}

func TestPropertiesAreFoundAsEncodingJSONFindsThem(t *testing.T) {
	t.Parallel()
	in, err := bindWhole(t, func(body map[string]any) {
		delete(body, "text")
		body["TEXT"] = "in capitals"
	})
	require.NoError(t, err)
	require.Equal(t, "in capitals", in.Text)
}

// A body of a codec other than the SDK's is checked in the same way.
func TestRequiredPropertiesAreEnforcedWithOtherCodecs(t *testing.T) {
	t.Parallel()
	other := restate.WithInputCodec(otherJSON{encoding.JSONCodec})
	_, err := bindWhole(t, func(map[string]any) {}, other)
	require.NoError(t, err)
	_, err = bindWhole(t, func(body map[string]any) { delete(body, "text"); body["number"] = nil }, other)
	require.EqualError(t, err, undecodable+`the property "text" is missing, the property "number" is null`)
}

// otherJSON is a custom codec.
type otherJSON struct{ encoding.Codec }

func TestWhatDoesNotFitAPropertyIsNamed(t *testing.T) {
	t.Parallel()
	_, err := bindWhole(t, func(body map[string]any) { body["text"] = 7 })
	require.ErrorContains(t, err, "cannot unmarshal number into Go struct field .text of type string")
}

func TestCallersSendAllRequiredProperties(t *testing.T) {
	t.Parallel()
	m, _ := describe[Presences](t, handler.Spec{}).Method("Take")
	n := 1
	body, err := encoding.Marshal(m.InputCodec, Presence{Fragile: Fragile{&n}})
	require.NoError(t, err)
	_, err = m.Decode(invocation{string(body), nil})
	require.NoError(t, err, "%s", body)
}
