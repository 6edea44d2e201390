//lint:file-ignore SA5008 The tags are read as encoding/json reads them, also those that nobody should write.

package jsontype_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/jsontype"
	"github.com/fxrestate/go/internal/schema/schematest"
)

// written returns the names of the properties that encoding/json writes for a
// struct, in order.
func written(t *testing.T, value any) []string {
	t.Helper()
	encoded, err := json.Marshal(value)
	require.NoError(t, err)
	var names []string
	decoder := json.NewDecoder(strings.NewReader(string(encoded)))
	_, err = decoder.Token()
	require.NoError(t, err)
	for decoder.More() {
		name, err := decoder.Token()
		require.NoError(t, err)
		names = append(names, name.(string))
		var skipped json.RawMessage
		require.NoError(t, decoder.Decode(&skipped))
	}
	return names
}

// plain reports whether encoding/json writes a type by its fields.
func plain(typ reflect.Type) bool {
	_, own := jsontype.Encodes(typ)
	return typ.Kind() == reflect.Struct && own == jsontype.None
}

func TestFieldsAreThoseThatEncodingJSONWrites(t *testing.T) {
	t.Parallel()
	looked := 0
	for _, typ := range schematest.Types() {
		if !plain(typ.Type) {
			continue
		}
		looked++
		t.Run(typ.Name, func(t *testing.T) {
			t.Parallel()
			filled := written(t, typ.Values[1])
			always := written(t, typ.Values[0])
			for _, f := range jsontype.Fields(typ.Type) {
				switch {
				case len(filled) > 0 && filled[0] == f.Name:
					filled = filled[1:]
				default:
					require.True(t, f.Optional(), "%s is not written", f.Name)
				}
				if !f.Optional() {
					require.Contains(t, always, f.Name)
				}
				require.Equal(t, f.Go.Name, typ.Type.FieldByIndex(f.Go.Index).Name)
				require.True(t, f.Path == f.Go.Name || strings.HasSuffix(f.Path, "."+f.Go.Name), f.Path)
			}
			require.Empty(t, filled, "encoding/json writes more")
		})
	}
	require.Greater(t, looked, 20)
}

// FuzzFields makes structs that embed each other and claim each other's names.
func FuzzFields(f *testing.F) {
	for seed := range uint64(300) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		typ := randomStruct(rand.New(rand.NewPCG(seed, 1)), 3)
		var names []string
		for _, field := range jsontype.Fields(typ) {
			names = append(names, field.Name)
		}
		require.Equal(t, written(t, filledStruct(typ).Interface()), names, "%s", typ)
	})
}

func randomStruct(r *rand.Rand, depth int) reflect.Type {
	names := []string{"A", "B", "C"}
	tags := []string{"", "", `json:"A"`, `json:"b"`, `json:"-"`, `json:"-,"`, `json:",string"`, `json:"c d,string"`, `json:"no\"name"`}
	var fields []reflect.StructField
	for i := range 1 + r.IntN(4) {
		field := reflect.StructField{
			Name: names[r.IntN(len(names))], Type: reflect.TypeFor[int](), Tag: reflect.StructTag(tags[r.IntN(len(tags))]),
		}
		if depth > 0 && r.IntN(2) == 0 {
			field.Type = randomStruct(r, depth-1)
			if field.Anonymous = r.IntN(4) > 0; field.Anonymous && r.IntN(2) == 0 {
				field.Type = reflect.PointerTo(field.Type)
			}
		}
		if taken(fields, field.Name) {
			field.Name = fmt.Sprintf("%s%d", field.Name, i)
		}
		fields = append(fields, field)
	}
	return reflect.StructOf(fields)
}

func taken(fields []reflect.StructField, name string) bool {
	for _, f := range fields {
		if f.Name == name {
			return true
		}
	}
	return false
}

// filledStruct is a struct without nil pointers.
func filledStruct(typ reflect.Type) reflect.Value {
	v := reflect.New(typ).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.Pointer:
			f.Set(reflect.New(f.Type().Elem()))
			f.Elem().Set(filledStruct(f.Type().Elem()))
		case reflect.Struct:
			f.Set(filledStruct(f.Type()))
		}
	}
	return v
}

func TestOptionsOfTagsAreReadAsEncodingJSONReadsThem(t *testing.T) {
	t.Parallel()
	type sample struct {
		A *int   `json:"a,omitempty,string"`
		B []int  `json:",string,omitzero"`
		C string `json:"c,omitEmpty"`
		D bool   `json:"d,omitemptystring"`
	}
	var got []string
	for _, f := range jsontype.Fields(reflect.TypeFor[sample]()) {
		got = append(got, fmt.Sprint(f.Name, " ", f.OmitEmpty, " ", f.OmitZero, " ", f.Quoted))
	}
	require.Equal(t, []string{"a true false true", "B false true false", "c false false false", "d false false false"}, got)
}
