package handler_test

import (
	"reflect"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/handler"
)

// InPlaces takes inputs that have an In where its tags are not read.
type InPlaces struct{}

type (
	// Common is meant to be embedded in parameter objects.
	Common struct {
		handler.In

		Tenant string `header:"x-tenant"`
	}
	Deeper struct {
		Common

		Amount int `json:"amount"`
	}
	ByPointer struct {
		*handler.In

		Tenant string `header:"x-tenant"`
	}
	Named struct {
		In handler.In

		Tenant string `header:"x-tenant"`
	}
	// Tree has one behind everything that JSON can fill, and refers to itself.
	Tree struct {
		Up   *Tree               `json:"up"`
		Rows map[string][]Deeper `json:"rows"`
	}
	// Within is a parameter object with another one in its body.
	Within struct {
		handler.In

		Refund *Refund `input:"refund"`
	}
)

func (InPlaces) Deeper(restate.Context, Deeper) error       { return nil }
func (InPlaces) Pointer(restate.Context, ByPointer) error   { return nil }
func (InPlaces) Named(restate.Context, Named) error         { return nil }
func (InPlaces) Tree(restate.Context, *Tree) error          { return nil }
func (InPlaces) Slice(restate.Context, []Refund) error      { return nil }
func (InPlaces) Pointers(restate.Context, **Refund) error   { return nil }
func (InPlaces) Itself(restate.Context, handler.In) error   { return nil }
func (InPlaces) Within(restate.ObjectContext, Within) error { return nil }

func TestAnInThatNothingReadsIsReportedWhereverItIs(t *testing.T) {
	t.Parallel()
	_, err := handler.Spec{Type: reflect.TypeFor[InPlaces](), Exclude: []any{InPlaces.Within}}.Describe()
	const why = ", whose tags nothing reads; embed handler.In by value in the input struct itself, and take that or a pointer to it"
	for _, want := range []string{
		"InPlaces.Deeper ({InPlaces.Deeper}): its input handler_test.Deeper has a handler.In within (Common.In)" + why,
		"its input handler_test.ByPointer has a handler.In within (In)" + why,
		"its input handler_test.Named has a handler.In within (In)" + why,
		"its input *handler_test.Tree has a handler.In within (Rows.Common.In)" + why,
		"its input []handler_test.Refund has a handler.In within (In)" + why,
		"its input **handler_test.Refund has a handler.In within (In)" + why,
		"its input handler.In has a handler.In within (itself)" + why,
	} {
		t.Run(want, func(t *testing.T) {
			require.ErrorContains(t, err, expand(t, want))
		})
	}
	require.Len(t, problems(err), 7)

	_, err = handler.Spec{Type: reflect.TypeFor[InPlaces](), Exclude: []any{
		InPlaces.Deeper, InPlaces.Pointer, InPlaces.Named, InPlaces.Tree, InPlaces.Slice, InPlaces.Pointers, InPlaces.Itself,
	}}.Describe()
	require.ErrorContains(t, err, "its parameter object handler_test.Within: field Refund has a handler.In within (Refund.In), whose tags nothing reads; embed one in the input itself only")
}

// InHidden takes inputs that have an In where a body cannot fill it.
type InHidden struct{}

func (InHidden) Do(restate.Context, struct {
	Any    any `json:"any"`
	hidden []Refund
},
) error {
	return nil
}

func TestAnInThatNoBodyReachesIsNoMistake(t *testing.T) {
	t.Parallel()
	m, _ := describe[InHidden](t, handler.Spec{}).Method("Do")
	_, err := m.Decode(invocation{`{"any":{},"hidden":[{}]}`, nil})
	require.NoError(t, err)
}

// InAlias embeds In by another name.
type InAlias struct{}

type parameters = handler.In

func (InAlias) Do(_ restate.Context, in struct {
	parameters

	Tenant string `header:"x-tenant"`
},
) string {
	return in.Tenant
}

func TestAParameterObjectIsOneByAnyNameOfIn(t *testing.T) {
	t.Parallel()
	m, _ := describe[InAlias](t, handler.Spec{}).Method("Do")
	in, err := m.Decode(invocation{`{"Tenant":"forged"}`, nil})
	require.NoError(t, err)
	require.Empty(t, reflect.ValueOf(in).FieldByName("Tenant").String())
}

type BadTags struct{}

func (BadTags) Do(restate.ObjectContext, struct {
	handler.In

	A string `input:"a"`
	B string `header:"x-b" input:"a,omitempty"`
	C string `input:"a,omitempty"`
	D string `key:"" invocation-id:""`
	E string `input:"-"`
	F string `input:"a\"b"`
},
) error {
	return nil
}

func TestTagsThatContradictEachOtherAreAllReported(t *testing.T) {
	t.Parallel()
	_, err := handler.Spec{Type: reflect.TypeFor[BadTags]()}.Describe()
	for _, want := range []string{
		"field B has the tags header and input, and a field is filled from one place; remove one",
		`field C is filled from the property "a", as field A is; give one of them another`,
		"field D has the tags key and invocation-id, and a field is filled from one place",
		`field E has the tag input:"-", so nothing can fill it; name a property`,
		`field F has the name "a\"b" in its tag, which encoding/json does not accept`,
	} {
		t.Run(want, func(t *testing.T) {
			require.ErrorContains(t, err, want)
		})
	}
	require.NotContains(t, err.Error(), "field A has")
}

// made makes a parameter object whose field A has a tag that go vet would report.
func made(tag string) reflect.Type {
	return reflect.StructOf([]reflect.StructField{
		{Name: "In", Type: reflect.TypeFor[handler.In](), Anonymous: true},
		{Name: "A", Type: reflect.TypeFor[string](), Tag: reflect.StructTag(tag)},
	})
}

func TestTagsAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	src := invocation{`{"a":"from the body","b":"of JSON","x":"of a text"}`, map[string]string{"x-a": "from a header"}}
	for tag, want := range map[string]string{
		`key`:                                    "acc-1",
		`invocation-id`:                          "inv_1",
		`idempotency-key`:                        "idem",
		` key `:                                  "acc-1",
		`validate:"required" key`:                "acc-1",
		`key:""`:                                 "acc-1",
		`header:"x-a"`:                           "from a header",
		`input:"a"`:                              "from the body",
		`input:"a,omitempty" validate:"max=3"`:   "from the body",
		`json:"b" input:"a"`:                     "from the body",
		`input:"a" json:"-"`:                     "from the body",
		`description:"an input:\"x\"" input:"a"`: "from the body",
		`description:"input:x"   input:"a"`:      "from the body",
	} {
		t.Run(tag, func(t *testing.T) {
			in, err := handler.BindTo(made(tag), true, src)
			require.NoError(t, err, tag)
			require.Equal(t, want, reflect.ValueOf(in).FieldByName("A").String(), tag)
		})
	}
	for tag, want := range map[string]string{
		`header`:                "cannot be read from `header` on",
		`input`:                 "cannot be read from `input` on",
		`key validate:"max=3"`:  "cannot be read from `key validate:\"max=3\"` on",
		`input:a`:               "cannot be read from `input:a` on",
		"input:`a`":             "cannot be read from",
		`input:"a" keys`:        "cannot be read from `keys` on",
		`input:"a" key`:         "has the tags input and key",
		`:"a"`:                  "cannot be read from",
		`validate:"x`:           "cannot be read from",
		`validate:"x"`:          "which has none of input, header, key, invocation-id and idempotency-key",
		`input:"a" input:"b"`:   "has the tags input and input",
		`input:"a" header:""`:   "has the tags input and header",
		`description:"input:x"`: "which has none of input",
	} {
		t.Run(tag, func(t *testing.T) {
			_, err := handler.BindTo(made(tag), true, src)
			require.ErrorContains(t, err, want, tag)
		})
	}
}

// InCodecs takes parameter objects.
type InCodecs struct{}

func (InCodecs) Body(restate.ObjectContext, Refund) error { return nil }

func (InCodecs) NoBody(restate.ObjectContext, struct {
	handler.In

	Account string `key:""`
},
) error {
	return nil
}

func TestCodecsThatKnowNoPropertiesAreReported(t *testing.T) {
	t.Parallel()
	for name, codec := range map[string]encoding.Codec{
		"binary":        encoding.BinaryCodec,
		"protobuf":      encoding.ProtoCodec,
		"protobuf JSON": encoding.ProtoJSONCodec,
		"raw":           handler.RawCodec{},
		"text":          handler.TextCodec{},
	} {
		t.Run(name, func(t *testing.T) {
			input := []restate.HandlerOption{restate.WithInputCodec(codec)}
			_, err := handler.Spec{Type: reflect.TypeFor[InCodecs](), Handlers: []handler.HandlerSpec{
				{Method: InCodecs.Body, Options: input}, {Method: InCodecs.NoBody, Options: input},
			}}.Describe()
			require.ErrorContains(t, err, "its parameter object handler_test.Refund: takes properties from the body", name)
			require.Len(t, problems(err), 1, "%s: one without properties needs no codec", name)
		})
	}
}
