package ingress_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

// results takes the result of Greeter/Touch, which is zero bytes, in each way.
func results[O any](t *testing.T, client *ingress.Client, opts ...restate.ClientOption) (got map[string]O, errs map[string]error) {
	t.Helper()
	ctx, touch := testkit.Context(t), ingress.Named[restate.Void, O](client, "Greeter", "Touch").With(opts...)
	got, errs = make(map[string]O), make(map[string]error)
	got["call"], errs["call"] = touch.Call(ctx, restate.Void{})
	sent, err := touch.Send(ctx, restate.Void{})
	require.NoError(t, err)
	got["attach"], errs["attach"] = sent.Attach(ctx)
	var ready bool
	got["output"], ready, errs["output"] = sent.Output(ctx)
	require.Equal(t, errs["output"] == nil, ready)
	return got, errs
}

func emptyIs[O any](want O, opts ...restate.ClientOption) func(*testing.T, *ingress.Client) {
	return func(t *testing.T, client *ingress.Client) {
		got, errs := results[O](t, client, opts...)
		for way, err := range errs {
			require.NoError(t, err, way)
			if message, ok := any(want).(proto.Message); ok && !reflect.ValueOf(want).IsNil() {
				require.True(t, proto.Equal(message, any(got[way]).(proto.Message)), way)
				continue
			}
			require.Equal(t, want, got[way], way)
		}
	}
}

func emptyIsNo[O any](want string) func(*testing.T, *ingress.Client) {
	return func(t *testing.T, client *ingress.Client) {
		_, errs := results[O](t, client)
		for way, err := range errs {
			require.ErrorContains(t, err, "Greeter/Touch: the result of ", way)
			require.ErrorContains(t, err, " is empty, and a "+want+" was expected; take a pointer, which is nil then, or restate.Void", way)
		}
	}
}

// A handler that returns undefined, in TypeScript, answers with zero bytes.
func TestAnEmptyResultIsNothingWhereNothingIsAValue(t *testing.T) {
	t.Parallel()
	client := newClient(t, ingress.Config{})
	text, raw := restate.WithOutputCodec(handler.TextCodec{}), restate.WithOutputCodec(encoding.BinaryCodec)
	for name, test := range map[string]func(*testing.T, *ingress.Client){
		"Void":               emptyIs(restate.Void{}),
		"a pointer":          emptyIs[*Item](nil),
		"a pointer to Void":  emptyIs[*restate.Void](nil),
		"a pointer twice":    emptyIs[**int](nil),
		"a map":              emptyIs[map[string]int](nil),
		"a slice":            emptyIs[[]int](nil),
		"any":                emptyIs[any](nil),
		"JSON as it is":      emptyIs[json.RawMessage](nil),
		"a text":             emptyIs("", text),
		"bytes":              emptyIs([]byte{}, raw),
		"a message of bytes": emptyIs(&wrapperspb.StringValue{}, restate.WithOutputCodec(encoding.ProtoCodec)),
		"a message as JSON":  emptyIs[*structpb.Struct](nil, restate.WithOutputCodec(encoding.ProtoJSONCodec)),
		"a string as JSON":   emptyIsNo[string]("string"),
		"a number":           emptyIsNo[int]("int"),
		"a bool":             emptyIsNo[bool]("bool"),
		"a struct":           emptyIsNo[Item]("ingress_test.Item"),
		"an array":           emptyIsNo[[2]int]("[2]int"),
		"a number as it was": emptyIsNo[json.Number]("json.Number"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, client)
		})
	}
}

// The route cannot know what the caller makes of nothing.
func TestARoutePassesAnEmptyResultOnAsNone(t *testing.T) {
	t.Parallel()
	// Touch under the name of a handler with a result.
	greeter := new(Greeter)
	stop, err := serveAll(testkit.Server(), restate.NewService("Silent").
		Handler("Ping", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (restate.Void, error) {
			return restate.Void{}, greeter.Touch(ctx)
		})))
	require.NoError(t, err)
	t.Cleanup(stop)
	desc, err := handler.Spec{Type: typeOf[*Greeter](), Name: "Silent"}.Describe()
	require.NoError(t, err)
	registry, err := handler.NewRegistry(desc)
	require.NoError(t, err)
	client, err := ingress.New(ingress.Config{URL: testkit.Server().IngressURL()}, registry)
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	w := request(t, ingress.Handler0(ingress.NewService[*Greeter](client), (*Greeter).Ping, nil), http.MethodPost, "/", "")
	require.Equal(t, http.StatusNoContent, w.Code, w.Body)
	require.Empty(t, w.Body.String())
	require.Empty(t, w.Header().Get("Content-Type"))
}
