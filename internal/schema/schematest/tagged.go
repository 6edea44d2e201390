//lint:file-ignore SA5008 The tags are read as encoding/json reads them, also those that nobody should write.

package schematest

import (
	"encoding/json"
	"time"
)

type (
	// Dash has a field that is left out, and one that is named for the dash.
	Dash struct {
		Out func() `json:"-"`
		In  int    `json:"-,"`
	}
	// Quoted has fields whose values are strings.
	Quoted struct {
		Int     int         `json:"int,string"`
		Float   float32     `json:"float,string"`
		Bool    bool        `json:"bool,string"`
		String  string      `json:"string,string"`
		Pointer *int        `json:"pointer,string"`
		Number  json.Number `json:"number,string"`
		Level   Level       `json:"level,string"`
		Slice   []int       `json:"slice,string"`
		Struct  Item        `json:"struct,string"`
	}
	// Omitted leaves out what is empty.
	Omitted struct {
		Int       int            `json:"int,omitempty"`
		Pointer   *Item          `json:"pointer,omitempty"`
		Slice     []int          `json:"slice,omitempty"`
		Map       map[string]int `json:"map,omitempty"`
		Array     [0]int         `json:"array,omitempty"`
		Struct    Item           `json:"struct,omitempty"`
		Interface any            `json:"interface,omitempty"`
		At        time.Time      `json:"at,omitzero"`
		Zero      Item           `json:"zero,omitzero"`
		IsZero    Zeroer         `json:"isZero,omitzero"`
	}
	// Zeroer says when it is zero.
	Zeroer struct{ N int }
	// Named has names that are unusual, and one that encoding/json does not take.
	Named struct {
		Umlaut  int `json:"größe"`
		Signs   int `json:"a.b/c~d[0] $x%20"`
		Space   int `json:"two words"`
		Invalid int `json:"no\"name"`
		Same    int `json:"same"`
		SAME    int
		Options int `json:",omitempty,inline"`
	}
)

// IsZero says so.
func (z Zeroer) IsZero() bool { return z.N == 7 }

func tagged() []Type {
	return []Type{
		of("fields without JSON", Dash{Out: func() {}, In: 1}, `{}`, `{"-":1,"Out":1}`),
		of("fields whose values are strings", Quoted{1, 1.5, true, "x", pointer(1), "1", 3, []int{1}, Item{}}, `{"int":1}`),
		of("fields that are left out when they are empty", Omitted{
			1, &Item{}, []int{1}, map[string]int{"a": 1}, [0]int{}, Item{"a", 1, 2}, 1, time.Unix(1, 0), Item{"a", 1, 2}, Zeroer{7},
		}, `{"struct":{}}`, `{"int":"1","struct":{"sku":"","price":0}}`),
		of("unusual names of fields", Named{1, 2, 3, 4, 5, 6, 7}, `{}`),
	}
}
