package schematest

import "time"

type (
	// Base is embedded.
	Base struct {
		ID   string `json:"id"`
		Note string `json:"note,omitempty"`
	}
	// Plain has no tags.
	Plain struct{ ID string }
	// Other has a property that Plain has.
	Other struct {
		ID    int
		Extra []bool `json:"extra"`
	}
	hidden struct {
		Shown string `json:"shown"`
	}
	// Embedded embeds a struct.
	Embedded struct {
		Base

		Amount int `json:"amount"`
	}
	// EmbeddedPointer embeds a pointer, which may be nil.
	EmbeddedPointer struct {
		*Base

		Amount int `json:"amount"`
	}
	// EmbeddedHidden embeds a struct that is not exported.
	EmbeddedHidden struct {
		hidden

		Amount int `json:"amount"`
	}
	// EmbeddedNamed embeds one under a name.
	EmbeddedNamed struct {
		Base `json:"base"`

		Amount int `json:"amount"`
	}
	// Shadowed has a field that hides one of another type.
	Shadowed struct {
		Base

		ID int `json:"id"`
	}
	// Ambiguous embeds two structs with one property, which hides it.
	Ambiguous struct {
		Plain
		Other
	}
	// Untagged has no tag where another has one.
	Untagged struct{ ID []string }
	// Dominant has a property that the tagged field wins.
	Dominant struct {
		Untagged
		Tagged
	}
	// Tagged wins.
	Tagged struct {
		Number int `json:"ID"`
	}
	// Diamond embeds one struct in two ways at one depth.
	Diamond struct {
		Left
		Right
	}
	// Left is one of the ways.
	Left struct{ Plain }
	// Right is the other.
	Right struct{ Plain }
	// Above is nearer than Deep.
	Above struct {
		Deep

		Plain
	}
	// Deep embeds what Above embeds too.
	Deep struct {
		Plain

		Depth int `json:"depth"`
	}
	// EmbeddedText embeds a type that is no struct.
	EmbeddedText struct {
		Name
		*Count

		Amount int `json:"amount"`
	}
	// Count is a number.
	Count int
	// EmbeddedTime has the MarshalJSON of a time.
	EmbeddedTime struct {
		time.Time

		Amount int `json:"amount"`
	}
	// EmbeddedInterface has a field for an interface.
	EmbeddedInterface struct {
		Sizer

		Amount int `json:"amount"`
	}
	// Sizer is an interface.
	Sizer interface{ Size() int }
	// Size is a Sizer.
	Size int
	// Ping and Pong embed pointers to each other.
	Ping struct {
		*Pong

		P int `json:"p"`
	}
	// Pong is the other.
	Pong struct {
		*Ping

		Q int `json:"q"`
	}
	// Itself embeds a pointer to itself.
	Itself struct {
		*Itself

		N int `json:"n"`
	}
)

// Size is the number.
func (s Size) Size() int { return int(s) }

func embedding() []Type {
	base := Base{"a", "b"}
	return []Type{
		of("an embedded struct", Embedded{base, 1}, `{"amount":1}`, `{"Base":{},"id":"","amount":1}`),
		of("an embedded pointer", EmbeddedPointer{&base, 1}, `{"id":"a"}`),
		of("an embedded struct that is not exported", EmbeddedHidden{hidden{"a"}, 1}, `{"amount":1}`),
		of("an embedded struct with a name", EmbeddedNamed{base, 1}, `{"id":"a","amount":1}`),
		of("a field that hides an embedded one", Shadowed{base, 1}, `{"id":"a"}`),
		of("embedded fields that hide each other", Ambiguous{Plain{"a"}, Other{1, nil}}, `{"ID":"a","extra":[]}`),
		of("a tag that wins over a name", Dominant{Untagged{[]string{"a"}}, Tagged{1}}, `{"ID":[]}`),
		of("one struct embedded in two ways", Diamond{Left{Plain{"a"}}, Right{Plain{"b"}}}, `{"ID":"a"}`),
		of("one struct embedded at two depths", Above{Deep{Plain{"a"}, 1}, Plain{"b"}}, `{"depth":1}`),
		of("embedded types that are no structs", EmbeddedText{"a", pointer(Count(3)), 1}, `{"amount":1}`),
		of("an embedded time", EmbeddedTime{time.Unix(1, 0), 1}),
		of("an embedded interface", EmbeddedInterface{Size(1), 1}, `{"amount":1}`),
		of("structs that embed pointers to each other", Ping{&Pong{&Ping{nil, 1}, 2}, 3}, `{}`, `{"p":"1"}`),
		of("a struct that embeds a pointer to itself", Itself{&Itself{nil, 1}, 2}, `{}`),
	}
}
