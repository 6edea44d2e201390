package handler_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/handler"
)

// Letters handles bytes and texts.
type Letters struct{}

type Subject string

func (Letters) Raw(_ restate.Context, b []byte) (int, error)         { return len(b), nil }
func (Letters) Text(_ restate.Context, s string) (Subject, error)    { return Subject(s), nil }
func (Letters) Nothing(restate.Context) error                        { return nil }
func (Letters) Number(_ restate.Context, n int) (int, error)         { return n, nil }
func (Letters) Pointer(_ restate.Context, s *string) (string, error) { return *s, nil }

func letters(method any, opts ...restate.HandlerOption) handler.Spec {
	return handler.Spec{Type: reflect.TypeFor[Letters](), Handlers: []handler.HandlerSpec{{Method: method, Options: opts}}}
}

func TestCodecsDescribeTheirPayloads(t *testing.T) {
	t.Parallel()
	raw, _ := describe[Letters](t, letters(Letters.Raw, restate.WithInputCodec(handler.RawCodec{}))).Method("Raw")
	require.Equal(t, `{"required":false,"contentType":"*/*"}`, asJSON(t, raw.InputPayload()))
	text, _ := describe[Letters](t, letters(Letters.Text, restate.WithCodec(handler.TextCodec{}))).Method("Text")
	require.Equal(t, `{"required":false,"contentType":"text/plain"}`, asJSON(t, text.InputPayload()))
	require.Equal(t, `{"contentType":"text/plain","setContentTypeIfEmpty":true}`, asJSON(t, text.OutputPayload()))
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

func TestTextCodecWritesStringsAsTheyAre(t *testing.T) {
	t.Parallel()
	codec := handler.TextCodec{}
	for _, text := range []string{"", "grün", `"quoted"`, "two\nlines"} {
		t.Run(text, func(t *testing.T) {
			b, err := codec.Marshal(Subject(text))
			require.NoError(t, err)
			require.Equal(t, text, string(b))
			var s Subject
			require.NoError(t, codec.Unmarshal(b, &s))
			require.Equal(t, Subject(text), s)
		})
	}
	var s string
	require.EqualError(t, codec.Unmarshal([]byte("\xff"), &s), "the text is not UTF-8")
	require.EqualError(t, codec.Unmarshal(nil, new(int)), "handler: the text codec fills a *string, and was given a *int")
	require.EqualError(t, codec.Unmarshal(nil, s), "handler: the text codec fills a *string, and was given a string")
	require.Error(t, codec.Unmarshal(nil, (*string)(nil)))
	require.Error(t, codec.Unmarshal(nil, nil))
	for _, v := range []any{1, nil, &s, []byte("x")} {
		t.Run(fmt.Sprintf("%T", v), func(t *testing.T) {
			_, err := codec.Marshal(v)
			require.ErrorContains(t, err, "handler: the text codec takes a string, and was given a ")
		})
	}
}

func TestTypesThatTheCodecsDoNotTakeAreReported(t *testing.T) {
	t.Parallel()
	for want, spec := range map[string]handler.Spec{
		"its input is a string, and the raw codec takes []byte":                                                                               letters(Letters.Text, restate.WithInputCodec(handler.RawCodec{})),
		"Letters.Raw ({Letters.Raw}): has the raw codec for its result, but a result needs a single content type; use restate.WithInputCodec": letters(Letters.Raw, restate.WithCodec(handler.RawCodec{})),
		"its input is a int, and the text codec takes a string":                                                                               letters(Letters.Number, restate.WithInputCodec(handler.TextCodec{})),
		"its result is a int, and the text codec takes a string":                                                                              letters(Letters.Number, restate.WithOutputCodec(handler.TextCodec{})),
		"its input is a *string, and the text codec takes":                                                                                    letters(Letters.Pointer, restate.WithCodec(handler.TextCodec{})),
	} {
		t.Run(want, func(t *testing.T) {
			_, err := spec.Describe()
			require.ErrorContains(t, err, expand(t, want))
		})
	}
	describe[Letters](t, letters(Letters.Nothing, restate.WithCodec(handler.RawCodec{})))
}

func TestTypedCodecTellsTheTypeAndIsOtherwiseTheCodec(t *testing.T) {
	t.Parallel()
	for _, inner := range []encoding.Codec{
		encoding.JSONCodec, encoding.BinaryCodec, encoding.ProtoJSONCodec, handler.TextCodec{}, handler.RawCodec{}, custom{},
	} {
		t.Run(fmt.Sprintf("%T", inner), func(t *testing.T) {
			codec := handler.Typed[Order](inner)
			typer, ok := codec.(handler.InputTyper)
			require.True(t, ok)
			require.Equal(t, reflect.TypeFor[Order](), typer.InputType())
			require.Equal(t, encoding.InputPayloadFor(inner, []byte{}), encoding.InputPayloadFor(codec, []byte{}))
			require.Equal(t, encoding.OutputPayloadFor(inner, []byte{}), encoding.OutputPayloadFor(codec, []byte{}))
			require.Equal(t, encoding.IsNonDeterministicSerialization(inner), encoding.IsNonDeterministicSerialization(codec))
		})
	}
	b, err := handler.Typed[Item](encoding.JSONCodec).Marshal(Item{SKU: "a"})
	require.NoError(t, err)
	var item Item
	require.NoError(t, handler.Typed[Item](encoding.JSONCodec).Unmarshal(b, &item))
	require.Equal(t, Item{SKU: "a"}, item)
}
