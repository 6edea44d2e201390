package jsontype_test

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/jsontype"
	"github.com/fxrestate/go/internal/schema/schematest"
)

type (
	hook struct {
		Name string
		Run  func()
	}
	key      struct{ A, B int }
	wideKey  struct{ A int } // encodes and decodes text
	writeKey struct{ A int } // encodes text
	readKey  struct{ A int } // decodes text
	node     struct {
		Next   *node
		Total  complex64
		Others map[string][]*node
	}
	embedding struct {
		*hook2

		Lines []hook
	}
	hook2  struct{ Done chan int }
	shadow struct {
		hook2

		Done bool
	}
	writer func() // writes JSON
	reader func() // reads JSON
	far    func() // encodes text if it is addressable
)

func (wideKey) MarshalText() ([]byte, error)  { return []byte("k"), nil }
func (*wideKey) UnmarshalText([]byte) error   { return nil }
func (writeKey) MarshalText() ([]byte, error) { return []byte("k"), nil }
func (*readKey) UnmarshalText([]byte) error   { return nil }
func (writer) MarshalJSON() ([]byte, error)   { return []byte("1"), nil }
func (*reader) UnmarshalJSON([]byte) error    { return nil }
func (*far) MarshalText() ([]byte, error)     { return []byte("far"), nil }
func refused(list []jsontype.Refused) (s []string) {
	for _, r := range list {
		s = append(s, fmt.Sprintf("%s: %s %t", r.Path, r.Type, r.Key))
	}
	return s
}

func TestTypesThatEncodingJSONRefusesAreFound(t *testing.T) {
	t.Parallel()
	const pkg = "jsontype_test."
	for name, tt := range map[string]struct {
		value    any // a value of the type that is not empty
		encoding []string
		decoding []string // nil: the same
	}{
		"a channel":                       {make(chan int), []string{": chan int false"}, nil},
		"a function":                      {func() {}, []string{": func() false"}, nil},
		"a complex number":                {1i, []string{": complex128 false"}, nil},
		"an unsafe pointer":               {unsafe.Pointer(new(int)), []string{": unsafe.Pointer false"}, nil},
		"a field of a function":           {hook{}, []string{"Run: func() false"}, nil},
		"behind a pointer":                {&hook{}, []string{"Run: func() false"}, nil},
		"in a slice":                      {[]hook{{}}, []string{"[].Run: func() false"}, nil},
		"in a map of arrays":              {map[string][1]hook{"a": {}}, []string{"[][].Run: func() false"}, nil},
		"in a type that refers to itself": {node{}, []string{"Total: complex64 false"}, nil},
		"behind an embedded pointer":      {embedding{hook2: &hook2{}}, []string{"hook2.Done: chan int false", "Lines[].Run: func() false"}, nil},
		"a map with keys of anything":     {map[any]any{}, []string{": map[interface {}]interface {} true"}, nil},
		"a map with keys of a struct":     {map[key]int{}, []string{": map[" + pkg + "key]int true"}, nil},
		"a map with keys of a bool":       {map[bool]int{}, []string{": map[bool]int true"}, nil},
		"a map with keys of floats":       {[]map[float64]int{{}}, []string{"[]: map[float64]int true"}, nil},
		"a map with keys that write text": {map[writeKey]int{}, nil, []string{": map[" + pkg + "writeKey]int true"}},
		"a map with keys that read text":  {map[readKey]int{}, []string{": map[" + pkg + "readKey]int true"}, []string{}},
		"a function that reads JSON":      {reader(nil), []string{": " + pkg + "reader false"}, []string{}},
		"a map with keys that do both":    {map[wideKey]int{{}: 1}, nil, nil},
		"a map with keys of an interface": {map[encoding.TextMarshaler]int{wideKey{}: 1}, nil, []string{": map[encoding.TextMarshaler]int true"}},
		"a function that writes JSON":     {writer(nil), nil, nil},
		"one that writes text if pointed": {[]far{nil}, nil, nil},
		"an interface":                    {struct{ A, B any }{1, nil}, nil, nil},
		"a field that is left out": {struct {
			F func() `json:"-"`
		}{func() {}}, nil, nil},
		"a field that is not exported": {struct{ f func() }{func() {}}, nil, nil},
		"a field that another hides":   {shadow{}, nil, nil},
		"an array without elements":    {[0]func(){}, nil, nil},
		"a field that is mostly left out": {struct {
			F func() `json:",omitzero"`
		}{func() {}}, []string{"F: func() false"}, nil},
		"a map of anything that may be nil": {struct {
			M map[any]any `json:",omitempty"`
		}{map[any]any{1: 2}}, []string{"M: map[interface {}]interface {} true"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			typ := reflect.TypeOf(tt.value)
			require.Equal(t, tt.encoding, refused(jsontype.FindRefused(typ, jsontype.Encoding)))
			_, err := json.Marshal(tt.value)
			require.Equal(t, len(tt.encoding) > 0, err != nil, "%v", err)
			decoding := refused(jsontype.FindRefused(typ, jsontype.Decoding))
			if tt.decoding == nil {
				require.Equal(t, tt.encoding, decoding)
			} else {
				require.Equal(t, len(tt.decoding), len(decoding), decoding)
				require.Subset(t, decoding, tt.decoding)
			}
		})
	}
}

func TestTypesThatEncodeAreNotRefused(t *testing.T) {
	t.Parallel()
	for _, typ := range schematest.Types() {
		t.Run(typ.Name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, jsontype.FindRefused(typ.Type, jsontype.Encoding))
			require.Empty(t, jsontype.FindRefused(typ.Type, jsontype.Decoding))
		})
	}
}
