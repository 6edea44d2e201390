package handler_test

import (
	"reflect"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/handler"
)

type (
	// Line has a field that JSON cannot encode.
	Line struct {
		SKU  string `json:"sku"`
		Hook func() `json:"hook,omitempty"`
	}
	// Report has several such fields, some deeper.
	Report struct {
		Lines []Line
		Meta  map[any]any
		Sums  map[[2]int]int `json:"sums"`
		Self  *Report
		Phase complex128 `json:"phase"`
		Done  chan<- bool
	}
	// Callback has such a field in a property of the body.
	Callback struct {
		handler.In

		Line  *Line       `input:"line"`
		Meta  map[any]any `input:"meta,omitempty"`
		Where string      `header:"x-where"`
	}
	// Sound has fields that only look like it.
	Sound struct {
		Hook   func() `json:"-"`
		hidden chan int
		Any    any
		Err    error
		Seen   Signal
		Keys   map[Place]int
	}
	// Signal is a channel with MarshalJSON.
	Signal chan int
	// Place is a map key with MarshalText and UnmarshalText.
	Place struct{ X int }

	// Unfit has handlers that take and return these types.
	Unfit struct{}
	// Fit has handlers that take and return types that can be encoded.
	Fit struct{}
)

func (Signal) MarshalJSON() ([]byte, error)                { return []byte("1"), nil }
func (Place) MarshalText() ([]byte, error)                 { return []byte("p"), nil }
func (*Place) UnmarshalText([]byte) error                  { return nil }
func (s Sound) Hidden() chan int                           { return s.hidden }
func (Fit) Do(_ restate.Context, in Sound) (*Sound, error) { return &in, nil }

func (Unfit) Report(restate.Context, string) (*Report, error)             { return nil, nil }
func (Unfit) Call(restate.Context, Callback) error                        { return nil }
func (Unfit) Map(restate.Context, map[any]any) (map[string][]Line, error) { return nil, nil }

const fixWithin = `; leave that out with json:"-", change its type or give it MarshalJSON and UnmarshalJSON, or use another codec`

func TestTypesThatJSONNeverEncodesAreReportedWithTheirPlace(t *testing.T) {
	t.Parallel()
	_, err := handler.Spec{Type: reflect.TypeFor[Unfit]()}.Describe()
	want := []string{
		"handler_test.Unfit.Call ({Unfit.Call}): its input has a func() in Line.Hook, which cannot be encoded" + fixWithin,
		"handler_test.Unfit.Call ({Unfit.Call}): its input has a map[interface {}]interface {} in Meta, whose keys JSON cannot have (interface {})" + fixWithin,
		"handler_test.Unfit.Map ({Unfit.Map}): its input is a map[interface {}]interface {}, whose keys JSON cannot have (interface {}); change the type or the codec",
		"handler_test.Unfit.Map ({Unfit.Map}): its result has a func() in [][].Hook, which cannot be encoded" + fixWithin,
		"handler_test.Unfit.Report ({Unfit.Report}): its result has a func() in Lines[].Hook, which cannot be encoded" + fixWithin,
		"handler_test.Unfit.Report ({Unfit.Report}): its result has a map[interface {}]interface {} in Meta, whose keys JSON cannot have (interface {})" + fixWithin,
		"handler_test.Unfit.Report ({Unfit.Report}): its result has a map[[2]int]int in Sums, whose keys JSON cannot have ([2]int)" + fixWithin,
		"handler_test.Unfit.Report ({Unfit.Report}): its result has a complex128 in Phase, which cannot be encoded" + fixWithin,
		"handler_test.Unfit.Report ({Unfit.Report}): its result has a chan<- bool in Done, which cannot be encoded" + fixWithin,
	}
	var got []string
	for _, p := range problems(err) {
		require.Equal(t, reflect.TypeFor[Unfit](), p.Type)
		got = append(got, p.Error())
	}
	for i := range want {
		want[i] = "handler: " + expand(t, want[i])
	}
	require.Equal(t, want, got)
}

func TestTypesThatJSONEncodesOrAnotherCodecDoesAreNotReported(t *testing.T) {
	t.Parallel()
	describe[Fit](t, handler.Spec{})
	for name, codec := range map[string]encoding.Codec{"of the user's": custom{}, "told the type of": handler.Typed[string](custom{})} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			describe[Unfit](t, handler.Spec{Options: serviceOptions{restate.WithCodec(codec)}})
		})
	}
}

func TestTypesThatJSONNeverEncodesAreReportedBehindOtherCodecsOfJSON(t *testing.T) {
	t.Parallel()
	for name, codec := range map[string]encoding.Codec{
		"with schemas of the user's": encoding.JSONCodecWithCustomSchemaGenerator(func(any) any { return nil }),
		"that tells the type":        handler.Typed[string](encoding.JSONCodec),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := handler.Spec{Type: reflect.TypeFor[Unfit](), Options: serviceOptions{restate.WithCodec(codec)}}.Describe()
			require.Len(t, problems(err), 9)
		})
	}
}
