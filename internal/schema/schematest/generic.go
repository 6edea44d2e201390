package schematest

import (
	left "github.com/fxrestate/go/internal/schema/schematest/left/config"
	right "github.com/fxrestate/go/internal/schema/schematest/right/config"
)

type (
	// Page is generic.
	Page[T any] struct {
		Items []T `json:"items"`
		Next  *T  `json:"next,omitempty"`
	}
	// Opt is generic, without tags.
	Opt[T any] struct{ V T }
	// Pair has two type parameters.
	Pair[A, B any] struct {
		First  A `json:"first"`
		Second B `json:"second"`
	}
	// Linked is generic and refers to itself.
	Linked[T any] struct {
		Value T          `json:"value"`
		Next  *Linked[T] `json:"next"`
	}
	// Rows is a generic slice.
	Rows[T any] []T
	// Index is a generic map.
	Index[K comparable, V any] map[K]V

	// Größe has a name beyond ASCII.
	Größe struct {
		CM int `json:"cm"`
	}
	// Gr__e has one that looks like it.
	Gr__e struct {
		Inch int `json:"inch"`
	}
	// Wörter is a map.
	Wörter map[string]Größe
)

func generic() []Type {
	return []Type{
		of("a generic type", Page[Item]{[]Item{{}}, &Item{}}, `{}`, `{"items":[1]}`),
		of("a generic type of a basic one", Opt[int]{1}, `{"V":"1"}`),
		of("a generic type of a type of another package", Page[left.Config]{[]left.Config{{Host: "a"}}, nil}, `{"items":[{"port":1}]}`),
		of("a map of a generic type", map[string]Opt[int]{"a": {1}}, `{"a":1}`),
		of("a slice of a generic type", []Page[Item]{{}}, `[1]`),
		of("a generic type of generic types", Pair[Opt[int], Page[Opt[string]]]{Opt[int]{1}, Page[Opt[string]]{}}, `{"first":{"V":1},"second":1}`),
		of("a generic type of one without a name", Opt[struct {
			A int `json:"a"`
		}]{}, `{"V":1}`),
		of("a generic type of a slice, a map and a pointer", Pair[[]Item, map[string]*Item]{[]Item{{}}, map[string]*Item{"a": nil}}, `{}`),
		of("a generic type of any", Page[any]{[]any{1, nil}, nil}, `{}`),
		of("a generic type that refers to itself", Linked[Größe]{Größe{1}, &Linked[Größe]{}}, `{"value":{}}`),
		of("a generic slice", Rows[Opt[bool]]{{true}}, `[1]`),
		of("a generic map", Index[Name, Rows[int]]{"a": {1}}, `{"a":1}`),
		of("two instances of a generic type", Pair[Opt[string], Opt[int]]{Opt[string]{"a"}, Opt[int]{1}}, `{"first":{"V":1},"second":{"V":1}}`),
	}
}

func named() []Type {
	type Item struct { // of the name of another
		Local bool `json:"local"`
	}
	return []Type{
		of("a name beyond ASCII", Größe{1}, `{}`),
		of("a name beyond ASCII within", []Größe{{1}}, `[{}]`),
		of("names beyond ASCII that look like others", Pair[Größe, Gr__e]{}, `{"first":{"inch":1},"second":{"inch":1}}`),
		of("a map with a name beyond ASCII", Wörter{"a": {1}}, `{"a":1}`),
		of("two types of one name", Pair[left.Config, right.Config]{}, `{"first":{"port":1},"second":{"port":1}}`),
		of("two types of one name within", struct {
			Left  map[string]left.Config  `json:"left"`
			Right map[string]right.Config `json:"right"`
		}{}, `{"left":{"a":{"port":1}},"right":null}`),
		of("a type of a function with the name of another", Pair[Item, []Item]{Item{true}, []Item{{}}}, `{"first":{"sku":"","price":0},"second":[]}`),
		twoFunctions(),
	}
}

// twoFunctions pairs types that two functions declare under one name.
func twoFunctions() Type {
	type Item struct {
		Here bool `json:"here"`
	}
	return pairWithItem(Item{true})
}

func pairWithItem[A any](a A) Type {
	type Item struct {
		There []int `json:"there"`
	}
	return of("types of two functions with one name", Pair[A, Item]{a, Item{[]int{1}}},
		`{"first":{"there":null},"second":{"there":null}}`, `{"first":{"here":true},"second":{"here":true}}`)
}
