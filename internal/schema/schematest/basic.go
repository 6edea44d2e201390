package schematest

import (
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
)

type (
	// Name is a string.
	Name string
	// Blob is bytes.
	Blob []byte
	// Item is an ordinary struct.
	Item struct {
		SKU    string  `json:"sku"`
		Amount int     `json:"amount,omitempty"`
		Price  float64 `json:"price"`
	}
	// Keyed has an interface, which a filled value has something in.
	Keyed struct {
		Any      any          `json:"any"`
		Stringer fmt.Stringer `json:"stringer"`
		Err      error        `json:"err"`
	}
)

func basic() []Type {
	return []Type{
		of("a bool", true, `1`, `null`),
		of("an int", -1, `"1"`, `1.5`, `null`),
		of("an int8", int8(math.MinInt8), `"1"`),
		of("a uint64", uint64(math.MaxUint64), `"1"`),
		of("a uintptr", uintptr(1), `"1"`),
		of("a float32", float32(1.5), `"1"`),
		of("a float64", math.MaxFloat64, `"1"`),
		of("a string", "größe\u2028", `1`, `null`),
		of("a named string", Name("n"), `1`),
		of("a json.Number", json.Number("1.5e3"), `true`),
		of("a pointer to a basic type", pointer(1), `"1"`),
		of("a pointer to a pointer", pointer(pointer("x")), `1`),
		of("a struct", Item{"a", 2, 1.5}, `null`, `{}`, `{"sku":1,"price":1}`, `{"sku":"a","price":1,"other":1}`),
		of("a pointer to a struct", &Item{"a", 2, 1.5}, `{}`, `[]`),
		of("an empty struct", struct{}{}, `[]`),
		of("a struct without a name", struct {
			A int
			B struct{ C []string }
		}{1, struct{ C []string }{[]string{"c"}}}, `{"A":1}`, `{"A":1,"B":{"C":[1]}}`),
		of[any]("any", map[string]any{"a": []any{1, nil}}),
		of("fields of interfaces", Keyed{1, netip.MustParseAddr("::1"), fmt.Errorf("x")}, `{}`),
	}
}

func containers() []Type {
	return []Type{
		of("a slice", []int{1}, `{}`, `["1"]`),
		of("a slice of pointers", []*int{nil, pointer(1)}, `["1"]`),
		of("a slice of structs", []Item{{"a", 1, 2}}, `[{}]`),
		of("a slice of slices", [][]string{nil, {}, {"a"}}, `["a"]`),
		of("an array", [3]int{1, 2, 3}, `null`, `[1,2]`),
		of("an array of an array", [2][1]string{{"a"}, {"b"}}, `["a","b"]`),
		of("an array of bytes", [4]byte{1, 2, 3, 4}, `"AQIDBA=="`),
		of("bytes", []byte("x"), `1`, `[1]`),
		of("named bytes", Blob("x"), `1`),
		of("a slice of bytes", [][]byte{nil, {1}}, `[1]`),
		of("a map", map[string]int{"a": 1}, `[]`, `{"a":"1"}`),
		of("a map of pointers", map[string]*Item{"a": nil, "b": {}}, `{"a":1}`),
		of("a map of anything", map[string]any{"a": nil, "b": 1}, `[]`),
		of("a set", map[string]struct{}{"a": {}}, `{"a":1}`),
		of("a map with keys of integers", map[int]string{-1: "a", 0: "b", 12: "c"}, `{"a":"b"}`),
		of("a map with keys of bytes", map[uint8]bool{255: true}, `{"a":true}`),
		of("a map with keys that marshal text", map[netip.Addr]int{netip.MustParseAddr("::1"): 1}, `{"a":"b"}`),
		of("a map with keys of integers that marshal text", map[Level]int{3: 1}, `{"a":"b"}`),
		of("a map with keys of a named string", map[Name][]Name{"a": nil, "b": {"c"}}, `{"a":1}`),
		of("a pointer to a slice", &[]int{1}, `{}`),
	}
}
