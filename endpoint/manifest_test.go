package endpoint_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	"github.com/restatedev/sdk-go/server"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/handler"
)

const (
	discoveryV3 = "application/vnd.restate.endpointmanifest.v3+json"
	discoveryV4 = "application/vnd.restate.endpointmanifest.v4+json"
)

// discover returns an endpoint's manifest, or why there is none. The SDK sorts it.
func discover(t testing.TB, h http.Handler, version string) (status int, manifest string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/discover", http.NoBody)
	r.Header.Set("Accept", version)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code == http.StatusOK {
		require.Equal(t, version, w.Header().Get("Content-Type"))
		require.True(t, json.Valid(w.Body.Bytes()))
	}
	return w.Code, w.Body.String()
}

// bare is the SDK's handler of definitions.
func bare(t testing.TB, definitions ...restate.ServiceDefinition) http.Handler {
	t.Helper()
	sdk := server.NewRestate().WithLogger(slog.DiscardHandler, true)
	for _, d := range definitions {
		sdk.Bind(d)
	}
	h, err := sdk.Handler()
	require.NoError(t, err)
	return h
}

// tolerating is an SDK's handler whose handlers without input say that they take JSON.
func tolerating(sdk http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorded := httptest.NewRecorder()
		sdk.ServeHTTP(recorded, r)
		maps.Copy(w.Header(), recorded.Header())
		w.WriteHeader(recorded.Code)
		_, _ = io.WriteString(w, strings.ReplaceAll(recorded.Body.String(),
			`"input":{"required":false}`, `"input":{"required":false,"contentType":"application/json"}`))
	})
}

func requireSameManifest(t testing.TB, want, got http.Handler) {
	t.Helper()
	requireSameManifestAs(t, want, got, func(manifest string) string { return manifest })
}

// requireSameManifestButSchemas compares all but what the schemas say: those of the
// SDK's JSON codec are ours. Where there is a schema it does compare.
func requireSameManifestButSchemas(t testing.TB, want, got http.Handler) {
	t.Helper()
	requireSameManifestAs(t, want, got, func(manifest string) string {
		var m map[string]any
		if json.Unmarshal([]byte(manifest), &m) != nil {
			return manifest // why there is none
		}
		for _, s := range m["services"].([]any) {
			for _, h := range s.(map[string]any)["handlers"].([]any) {
				for _, payload := range []string{"input", "output"} {
					if p, _ := h.(map[string]any)[payload].(map[string]any); p["jsonSchema"] != nil {
						p["jsonSchema"] = "a schema"
					}
				}
			}
		}
		rest, err := json.Marshal(m)
		require.NoError(t, err)
		return string(rest)
	})
}

func requireSameManifestAs(t testing.TB, want, got http.Handler, compared func(manifest string) string) {
	t.Helper()
	for _, version := range []string{discoveryV3, discoveryV4} {
		status, manifest := discover(t, want, version)
		gotStatus, gotManifest := discover(t, got, version)
		require.Equal(t, status, gotStatus, "%s: %s", version, gotManifest)
		require.Equal(t, compared(manifest), compared(gotManifest), version)
	}
}

type Item struct {
	SKU    string `json:"sku" jsonschema:"title=Stock keeping unit"`
	Amount int    `json:"amount,omitempty"`
}

// Shapes has a handler of each shape.
type Shapes struct{ calls chan string }

func (s *Shapes) InOutErr(_ restate.Context, i Item) (Item, error) { i.Amount++; return i, nil }
func (s *Shapes) InOut(_ restate.Context, i []Item) map[string]Item {
	return map[string]Item{"first": i[0]}
}

func (s *Shapes) InErr(_ restate.Context, i *Item) error { s.calls <- "InErr " + i.SKU; return nil }

func (s *Shapes) In(_ restate.Context, i time.Time)       { s.calls <- "In " + i.UTC().Format(time.DateOnly) }
func (s *Shapes) OutErr(restate.Context) (float64, error) { return 1.5, nil }
func (s *Shapes) Out(restate.Context) *Item               { return nil }
func (s *Shapes) Err(restate.Context) error               { return restate.TerminalErrorf("declined") }

func (s *Shapes) None(restate.Context)                                          { s.calls <- "None" }
func (s *Shapes) Voids(_ restate.Context, v restate.Void) (restate.Void, error) { return v, nil }
func (s *Shapes) Helper() string                                                { return "no handler" }

// Cart is an object.
type Cart struct{}

func (Cart) Add(ctx restate.ObjectContext, i Item) (int, error) {
	n, err := restate.Get[int](ctx, "n")
	if err != nil {
		return 0, err
	}
	restate.Set(ctx, "n", n+i.Amount)
	return n + i.Amount, nil
}

func (Cart) Total(ctx restate.ObjectSharedContext) (int, error) { return restate.Get[int](ctx, "n") }

// Order is a workflow.
type Order struct{}

func (*Order) Run(ctx restate.WorkflowContext, i Item) (string, error) { return restate.Key(ctx), nil }
func (*Order) Status(restate.WorkflowSharedContext) string             { return "open" }

// Blobs takes bytes.
type Blobs struct{}

func (*Blobs) Reverse(_ restate.Context, b []byte) ([]byte, error) {
	b = slices.Clone(b)
	slices.Reverse(b)
	return b, nil
}

// Clock speaks protobuf.
type Clock struct{}

func (*Clock) At(_ restate.Context, s *wrapperspb.Int64Value) (*timestamppb.Timestamp, error) {
	return &timestamppb.Timestamp{Seconds: s.GetValue()}, nil
}

// Base is embedded.
type Base struct{}

func (*Base) Ping(restate.Context) (string, error) { return "pong", nil }

type Embedding struct {
	Base
	*Blobs
}

func (Embedding) Own(restate.Context, int) error { return nil }

func TestManifestIsThatOfReflect(t *testing.T) {
	t.Parallel()
	type options = []restate.ServiceDefinitionOption
	all := options{
		restate.WithDocumentation("what it does"), restate.WithMetadata("team", "shop"),
		restate.WithMetadataMap(map[string]string{"a": "1", "b": "2"}),
		restate.WithAbortTimeout(time.Minute), restate.WithInactivityTimeout(2 * time.Minute),
		restate.WithIdempotencyRetention(time.Hour), restate.WithJournalRetention(2 * time.Hour),
		restate.WithIngressPrivate(true),
	}
	retry := restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(time.Second), restate.WithMaxRetryInterval(time.Minute),
		restate.WithRetryIntervalFactor(1.5), restate.WithMaxRetryAttempts(7), restate.PauseOnMaxAttempts())
	for _, tt := range []struct {
		name     string
		receiver any
		options  options
		handlers map[string][]restate.HandlerOption
		codec    bool // it is not the JSON codec, so the schemas are the same too
	}{
		{name: "a service of all shapes", receiver: &Shapes{}},
		{name: "a service with all options", receiver: &Shapes{}, options: all},
		{name: "a service with a retry policy, unknown to version 3", receiver: &Shapes{}, options: options{retry}},
		{name: "an object", receiver: Cart{}},
		{name: "an object as a pointer", receiver: &Cart{}, options: append(all, restate.WithEnableLazyState(true))},
		{name: "a workflow", receiver: &Order{}},
		{name: "a workflow with retention", receiver: &Order{}, options: append(all, restate.WithWorkflowRetention(time.Hour), retry)},
		{name: "bytes as JSON", receiver: &Blobs{}},
		{name: "bytes as they are", codec: true, receiver: &Blobs{}, options: options{restate.WithBinary}},
		{name: "protobuf", codec: true, receiver: &Clock{}, options: options{restate.WithProto}},
		{name: "protobuf as JSON", codec: true, receiver: &Clock{}, options: options{restate.WithProtoJSON}},
		{name: "embedded handlers", receiver: &Embedding{Blobs: &Blobs{}}},
		{name: "handlers with options", receiver: &Shapes{}, options: all, handlers: map[string][]restate.HandlerOption{
			"InOutErr": {restate.WithDocumentation("one"), restate.WithMetadata("role", "admin"), restate.WithIngressPrivate(false)},
			"OutErr":   {restate.WithInactivityTimeout(time.Second), retry},
			"None":     {restate.WithAbortTimeout(time.Second), restate.WithJournalRetention(0)},
		}},
		{name: "handlers with codecs", codec: true, receiver: &Blobs{}, handlers: map[string][]restate.HandlerOption{
			"Reverse": {restate.WithInputCodec(encoding.BinaryCodec), restate.WithOutputCodec(encoding.BinaryCodec)},
		}},
		{name: "a workflow whose run has options", receiver: &Order{}, handlers: map[string][]restate.HandlerOption{
			"Run": {restate.WithWorkflowRetention(2 * time.Hour), restate.WithEnableLazyState(false)},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := restate.Reflect(tt.receiver, tt.options...)
			spec := handler.Spec{Type: reflect.TypeOf(tt.receiver), Options: tt.options}
			for h, opts := range tt.handlers {
				want.ConfigureHandler(h, opts...)
				m, ok := reflect.TypeOf(tt.receiver).MethodByName(h)
				require.True(t, ok)
				spec.Handlers = append(spec.Handlers, handler.HandlerSpec{Method: m.Func.Interface(), Options: opts})
			}
			d, err := spec.Describe()
			require.NoError(t, err)
			e, err := endpoint.New(endpoint.Config{Mode: endpoint.Mounted}, nil, endpoint.Definition(d, tt.receiver))
			require.NoError(t, err)
			if tt.codec {
				requireSameManifest(t, tolerating(bare(t, want)), e)
			} else {
				requireSameManifestButSchemas(t, tolerating(bare(t, want)), e)
			}
			require.Equal(t, []string{want.Name()}, e.Services())
		})
	}
}

func TestManifestOfForeignDefinitionsStaysAsItIsButForSchemas(t *testing.T) {
	t.Parallel()
	made := func() []restate.ServiceDefinition {
		return []restate.ServiceDefinition{
			restate.NewService("by-hand", restate.WithDocumentation("by hand")).
				Handler("echo", restate.NewServiceHandler(func(_ restate.Context, in Item) (Item, error) { return in, nil }, restate.WithMetadata("a", "b"))).
				Handler("none", restate.NewServiceHandler(func(_ restate.Context, in restate.Void) (restate.Void, error) { return in, nil })),
			restate.NewObject("object").
				Handler("write", restate.NewObjectHandler(func(_ restate.ObjectContext, in []byte) ([]byte, error) { return in, nil }, restate.WithBinary)).
				Handler("read", restate.NewObjectSharedHandler(func(_ restate.ObjectSharedContext, in restate.Void) (string, error) { return "", nil })),
			restate.NewWorkflow("workflow", restate.WithWorkflowRetention(time.Hour)).
				Handler("main", restate.NewWorkflowHandler(func(_ restate.WorkflowContext, in string) (string, error) { return in, nil })).
				Handler("look", restate.NewWorkflowSharedHandler(func(_ restate.WorkflowSharedContext, in string) (string, error) { return in, nil })),
			restate.Reflect(&Clock{}, restate.WithProto),
			restate.Reflect(Cart{}),
			restate.Reflect(&Order{}),
		}
	}
	var foreign []restate.ServiceDefinition
	for _, def := range made() {
		foreign = append(foreign, endpoint.Foreign(def))
	}
	e, err := endpoint.New(endpoint.Config{Mode: endpoint.Mounted}, nil, foreign...)
	require.NoError(t, err)
	requireSameManifestButSchemas(t, bare(t, made()...), e)
}

func TestManifestTellsTheProtocolMode(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]endpoint.Config{
		"BIDI_STREAM":      {Mode: endpoint.Mounted},
		"REQUEST_RESPONSE": {Mode: endpoint.Mounted, RequestResponse: true},
	} {
		t.Run(want, func(t *testing.T) {
			e, err := endpoint.New(cfg, nil)
			require.NoError(t, err)
			_, manifest := discover(t, e, discoveryV4)
			require.Contains(t, manifest, `"protocolMode":"`+want+`"`)
		})
	}
}
