package endpoint_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/pipeline"
)

// play runs one attempt of s/h and returns what the endpoint answers.
func play(t *testing.T, h http.Handler, body string) []byte {
	t.Helper()
	return playOf(t, h, "h", body)
}

// playOf is play for another handler of s.
func playOf(t *testing.T, h http.Handler, name, body string) []byte {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/invoke/s/"+name, strings.NewReader(string(invocationOf("1", body))))
	r.Header.Set("Content-Type", invocationV5)
	r.ProtoMajor = 2
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Body.Bytes()
}

func mounted(t *testing.T, def restate.ServiceDefinition) http.Handler {
	t.Helper()
	e, err := endpoint.New(endpoint.Config{Mode: endpoint.Mounted}, nil, def)
	require.NoError(t, err)
	return e
}

// noting is a pipeline whose guard notes what it sees of the input.
func noting(note func(any)) pipeline.Pipeline {
	return pipeline.Pipeline{Global: pipeline.Stages{Guards: []pipeline.Guard{
		pipeline.GuardFunc(func(_ context.Context, inv *pipeline.Invocation) (bool, error) {
			input, err := inv.Input()
			note(input)
			return true, err
		}),
	}}}
}

func echo(opts ...restate.HandlerOption) restate.ServiceDefinition {
	return restate.NewService("s").Handler("h", restate.NewServiceHandler(
		func(_ restate.Context, in Item) (Item, error) { return in, nil }, opts...))
}

func TestADefinitionThatTwoEndpointsShareHasThePipelineOfEach(t *testing.T) {
	t.Parallel()
	def := echo()
	untouched := def.Handlers()["h"]
	var seen [2]int
	var endpoints [2]http.Handler
	for i := range endpoints {
		foreign, err := endpoint.DefineForeign(noting(func(any) { seen[i]++ }), def)
		require.NoError(t, err)
		endpoints[i] = mounted(t, foreign)
	}
	for _, e := range endpoints {
		require.Equal(t, `{"sku":"a"}`, outputOf(t, play(t, e, `{"sku":"a"}`)))
	}
	require.Equal(t, [2]int{1, 1}, seen)
	require.Same(t, untouched, def.Handlers()["h"])
}

// recorder is a JSON codec that keeps what the handler decoded last.
type recorder struct {
	encoding.Codec
	mu   sync.Mutex
	last string
}

func (r *recorder) Unmarshal(data []byte, v any) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = string(data)
	return r.Codec.Unmarshal(data, v)
}

func pipes(list ...pipeline.Pipe) pipeline.Pipeline {
	return pipeline.Pipeline{Handlers: map[string]pipeline.Stages{"h": {Pipes: list}}}
}

func itemPipe(change func(Item) Item) pipeline.Pipe {
	return pipeline.PipeOf(func(_ restate.Context, _ *pipeline.Invocation, in Item) (Item, error) { return change(in), nil })
}

func TestThePipelineSeesTheInputThatACodecTellsTheTypeOf(t *testing.T) {
	t.Parallel()
	for what, option := range map[string]restate.HandlerOption{
		"the codec of the input": restate.WithInputCodec(handler.Typed[Item](encoding.JSONCodec)),
		"that of both":           restate.WithCodec(handler.Typed[Item](encoding.JSONCodec)),
	} {
		t.Run(what, func(t *testing.T) {
			var seen any
			p := noting(func(input any) { seen = input })
			p.Handlers = pipes(itemPipe(func(in Item) Item { in.Amount *= 2; return in })).Handlers
			foreign, err := endpoint.DefineForeign(p, echo(option))
			require.NoError(t, err)
			require.Equal(t, `{"sku":"a","amount":42}`, outputOf(t, play(t, mounted(t, foreign), `{"sku":"a","amount":21}`)), what)
			require.Equal(t, Item{"a", 21}, seen, what)
			requireSameManifestButSchemas(t, bare(t, echo()), mounted(t, foreign))
		})
	}
}

func TestAForeignHandlerGetsTheBodyAsItArrivedUnlessAPipeChangedTheInput(t *testing.T) {
	t.Parallel()
	const arrived = `{ "sku" : "a", "unknown": 1 }`
	for what, tt := range map[string]struct {
		pipes []pipeline.Pipe
		want  string
	}{
		"no pipe":                {nil, arrived},
		"a pipe that only looks": {[]pipeline.Pipe{itemPipe(func(in Item) Item { return in })}, arrived},
		"a pipe that changes":    {[]pipeline.Pipe{itemPipe(func(in Item) Item { in.SKU = "b"; return in })}, `{"sku":"b"}`},
		"pipes that change it back": {[]pipeline.Pipe{
			itemPipe(func(in Item) Item { in.SKU = "b"; return in }), itemPipe(func(in Item) Item { in.SKU = "a"; return in }),
		}, arrived},
	} {
		t.Run(what, func(t *testing.T) {
			codec := &recorder{Codec: encoding.JSONCodec}
			foreign, err := endpoint.DefineForeign(pipes(tt.pipes...), echo(restate.WithInputCodec(handler.Typed[Item](codec))))
			require.NoError(t, err)
			outputOf(t, play(t, mounted(t, foreign), arrived))
			require.Equal(t, tt.want, codec.last, what)
		})
	}
}

func TestAPipeMayChangeTheInputOfAForeignHandlerInPlace(t *testing.T) {
	t.Parallel()
	def := restate.NewService("s").Handler("h", restate.NewServiceHandler(
		func(_ restate.Context, in *timestamppb.Timestamp) (int64, error) { return in.Seconds, nil },
		restate.WithInputCodec(handler.Typed[*timestamppb.Timestamp](encoding.ProtoJSONCodec))))
	later := pipeline.PipeOf(func(_ restate.Context, _ *pipeline.Invocation, in *timestamppb.Timestamp) (*timestamppb.Timestamp, error) {
		in.Seconds += 5
		return in, nil
	})
	foreign, err := endpoint.DefineForeign(pipes(later), def)
	require.NoError(t, err)
	require.Equal(t, "65", outputOf(t, play(t, mounted(t, foreign), `"1970-01-01T00:01:00Z"`)))
}

func TestMistakesAboutTheInputOfAForeignHandlerAreErrorsOfTheAttempt(t *testing.T) {
	t.Parallel()
	becomes := func(input any) []pipeline.Pipe {
		return []pipeline.Pipe{pipeline.PipeFunc(func(restate.Context, *pipeline.Invocation, any) (any, error) { return input, nil })}
	}
	typed := restate.WithInputCodec(handler.Typed[Item](encoding.JSONCodec))
	for want, tt := range map[string]struct {
		option restate.HandlerOption
		pipes  []pipeline.Pipe
		body   string
	}{
		"the body cannot be decoded into the input of s/h (endpoint_test.Item): ": {typed, becomes(Item{}), `[]`},
		"request could not be decoded into handler input type: json: ":            {typed, nil, `[]`},
		"endpoint: the input of s/h: a pipe returned nothing":                     {typed, becomes(nil), `{}`},
		"endpoint: the input of s/h: a pipe made the endpoint_test.Item a int":    {typed, becomes(1), `{}`},
		"endpoint: the input of s/h: a pipe made the endpoint_test.Item a string": {restate.WithJSON, becomes("text"), `{}`},
	} {
		t.Run(want, func(t *testing.T) {
			foreign, err := endpoint.DefineForeign(pipes(tt.pipes...), echo(tt.option))
			require.NoError(t, err)
			require.Contains(t, string(play(t, mounted(t, foreign), tt.body)), want)
		})
	}
}

// taking and resting have a handler that restate.Reflect reads.
type (
	taking  struct{}
	resting struct{}
)

func (taking) ServiceName() string                        { return "s" }
func (taking) H(_ restate.Context, in Item) (Item, error) { return in, nil }
func (resting) ServiceName() string                       { return "s" }
func (resting) H(restate.Context) (string, error)         { return "rested", nil }

func TestPipesAndGuardsSeeTheDecodedInputOfAForeignHandler(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		def          restate.ServiceDefinition
		body, answer string
		seen         any
	}{
		"of a service":                       {echo(), `{"sku":"a"}`, `{"sku":"a"}`, Item{SKU: "a"}},
		"of an object":                       {restate.NewObject("s").Handler("h", restate.NewObjectHandler(func(_ restate.ObjectContext, in *Item) (string, error) { return in.SKU, nil })), `{"sku":"a"}`, `"a"`, &Item{SKU: "a"}},
		"of a shared handler":                {restate.NewObject("s").Handler("h", restate.NewObjectSharedHandler(func(_ restate.ObjectSharedContext, in []int) (int, error) { return len(in), nil })), `[1,2]`, `2`, []int{1, 2}},
		"of a workflow":                      {restate.NewWorkflow("s").Handler("h", restate.NewWorkflowHandler(func(_ restate.WorkflowContext, in string) (string, error) { return in, nil })), `"a"`, `"a"`, "a"},
		"that restate.Reflect has read":      {restate.Reflect(taking{}), `{"sku":"a"}`, `{"sku":"a"}`, Item{SKU: "a"}},
		"that is any":                        {restate.NewService("s").Handler("h", restate.NewServiceHandler(func(_ restate.Context, in any) (any, error) { return in, nil })), `{"a":1}`, `{"a":1}`, map[string]any{"a": 1.0}},
		"in binary":                          {restate.NewService("s", restate.WithBinary).Handler("h", restate.NewServiceHandler(func(_ restate.Context, in []byte) ([]byte, error) { return in, nil })), `raw`, `raw`, []byte("raw")},
		"of a message":                       {restate.NewService("s", restate.WithProtoJSON).Handler("h", restate.NewServiceHandler(func(_ restate.Context, in *timestamppb.Timestamp) (*timestamppb.Timestamp, error) { return in, nil })), `"1970-01-01T00:01:00Z"`, `"1970-01-01T00:01:00Z"`, nil},
		"of a handler without one":           {restate.NewService("s").Handler("h", restate.NewServiceHandler(func(restate.Context, restate.Void) (string, error) { return "done", nil })), ``, `"done"`, nil},
		"of a reflected handler without one": {restate.Reflect(resting{}), ``, `"rested"`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var guarded, piped any
			p := noting(func(input any) { guarded = input })
			p.Service = pipeline.Stages{Pipes: []pipeline.Pipe{pipeline.PipeFunc(func(_ restate.Context, _ *pipeline.Invocation, input any) (any, error) {
				piped = input
				return input, nil
			})}}
			foreign, err := endpoint.DefineForeign(p, tt.def)
			require.NoError(t, err)
			served := "h"
			for h := range tt.def.Handlers() {
				served = h
			}
			require.Equal(t, tt.answer, outputOf(t, playOf(t, mounted(t, foreign), served, tt.body)))
			require.Equal(t, guarded, piped)
			if name == "of a message" {
				require.EqualValues(t, 60, piped.(*timestamppb.Timestamp).Seconds)
				return
			}
			require.Equal(t, tt.seen, piped)
		})
	}
}

// unshown has a handler of the type of whose input nothing tells.
type unshown struct{}

func (unshown) ServiceName() string               { return "s" }
func (unshown) H(restate.Context, *Fragile) error { return nil }

func TestPipesAroundAnInputOfUnknownTypeAreRefused(t *testing.T) {
	t.Parallel()
	look := pipeline.Stages{Pipes: []pipeline.Pipe{itemPipe(func(in Item) Item { return in })}}
	for name, p := range map[string]pipeline.Pipeline{
		"of all services": {Global: look},
		"of a group":      {Groups: []pipeline.Stages{look}},
		"of the service":  {Service: look},
		"of the handler":  {Handlers: map[string]pipeline.Stages{"H": look}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := endpoint.DefineForeign(p, restate.Reflect(unshown{}))
			require.EqualError(t, err, "endpoint: s/H has pipes, and the type of its input is not known; "+
				"tell it with restate.WithInputCodec(handler.Typed[T](codec)) where the handler is built, or attach the pipes elsewhere")
			told := restate.Reflect(unshown{}).ConfigureHandler("H", restate.WithInputCodec(handler.Typed[*Fragile](encoding.JSONCodec)))
			_, err = endpoint.DefineForeign(p, told)
			require.NoError(t, err)
		})
	}
	_, err := endpoint.DefineForeign(pipeline.Pipeline{}, restate.Reflect(unshown{}))
	require.NoError(t, err)
}

func TestAForeignDefinitionHasTheDefaultsThatItLeavesOpen(t *testing.T) {
	t.Parallel()
	policy := restate.WithInvocationRetryPolicy
	defaults := []restate.ServiceDefinitionOption{
		restate.WithInactivityTimeout(time.Minute), restate.WithAbortTimeout(time.Hour),
		restate.WithMetadata("team", "all"), restate.WithMetadata("tier", "1"),
		restate.WithWorkflowRetention(time.Hour), restate.WithEnableLazyState(true), restate.WithProto,
		policy(restate.WithMaxRetryAttempts(3), restate.WithRetryIntervalFactor(2)),
	}
	h := restate.NewServiceHandler(func(_ restate.Context, in Item) (Item, error) { return in, nil })
	own := func() restate.ServiceDefinition {
		return restate.NewService("s", restate.WithAbortTimeout(time.Second), restate.WithMetadata("team", "own"),
			policy(restate.WithMaxRetryAttempts(5))).Handler("h", h)
	}
	want := restate.NewService("s", restate.WithInactivityTimeout(time.Minute), restate.WithAbortTimeout(time.Second),
		restate.WithMetadata("team", "own"), restate.WithMetadata("tier", "1"),
		policy(restate.WithMaxRetryAttempts(5), restate.WithRetryIntervalFactor(2))).Handler("h", h)
	def, untouched := own(), own()
	var tier string
	p := pipeline.Pipeline{Service: pipeline.Stages{Guards: []pipeline.Guard{
		pipeline.GuardFunc(func(_ context.Context, inv *pipeline.Invocation) (bool, error) {
			tier = inv.Metadata("tier")
			return true, nil
		}),
	}}}
	foreign, err := endpoint.DefineForeign(p, def, defaults...)
	require.NoError(t, err)
	requireSameManifestButSchemas(t, bare(t, want), mounted(t, foreign))
	requireSameManifest(t, bare(t, untouched), bare(t, def))
	require.Equal(t, `{"sku":"a"}`, outputOf(t, play(t, mounted(t, foreign), `{"sku":"a"}`)))
	require.Equal(t, "1", tier)

	_, err = endpoint.DefineForeign(p, def, nil)
	require.EqualError(t, err, "handler: an option among the defaults is nil; leave it out")
}

// Forgeable is a parameter object where nothing binds one.
type Forgeable struct {
	handler.In

	Tenant string `header:"x-tenant"`
}

type (
	ForgeableService struct{}
	ForgeableObject  struct{}
)

func (ForgeableService) Take(restate.Context, Forgeable) error { return nil }

func (ForgeableObject) Take(restate.ObjectContext, struct{ Rows []*Forgeable }) error { return nil }
func (ForgeableObject) Look(restate.ObjectSharedContext) error                        { return nil }

func TestParameterObjectsOfForeignHandlersAreRefused(t *testing.T) {
	t.Parallel()
	none := func(_ restate.Context, _ *Forgeable) (restate.Void, error) { return restate.Void{}, nil }
	for want, def := range map[string]restate.ServiceDefinition{
		"endpoint: ForgeableService/Take takes a endpoint_test.Forgeable, with a handler.In": restate.Reflect(ForgeableService{}),
		"endpoint: ForgeableObject/Take takes a struct { Rows []*endpoint_test.Forgeable }":  restate.Reflect(ForgeableObject{}),
		"endpoint: hand/h takes a *endpoint_test.Forgeable":                                  restate.NewService("hand").Handler("h", restate.NewServiceHandler(none)),
		"endpoint: run/h takes a endpoint_test.Forgeable": restate.NewWorkflow("run").Handler("h", restate.NewWorkflowHandler(
			func(_ restate.WorkflowContext, _ Forgeable) (string, error) { return "", nil }, restate.WithCodec(handler.TextCodec{}))),
	} {
		t.Run(want, func(t *testing.T) {
			codecs := map[string]encoding.Codec{}
			for name, h := range def.Handlers() {
				codecs[name] = h.GetOptions().InputCodec
			}
			_, err := endpoint.DefineForeign(pipeline.Pipeline{}, def)
			require.ErrorContains(t, err, want)
			for name, h := range def.Handlers() {
				require.IsType(t, codecs[name], h.GetOptions().InputCodec, "the definition stays as it is")
			}
		})
	}
}

func TestTypesThatJSONNeverEncodesAreRefusedInForeignHandlers(t *testing.T) {
	t.Parallel()
	type report struct{ Hooks []func() }
	gives := func(restate.Context, restate.Void) (report, error) { return report{}, nil }
	takes := func(restate.Context, map[any]any) (string, error) { return "", nil }
	for name, tt := range map[string]struct {
		def  restate.ServiceDefinition
		want string
	}{
		"a result": {
			restate.NewService("s").Handler("h", restate.NewServiceHandler(gives)),
			"endpoint: s/h: its result has a func() in Hooks[], which cannot be encoded; leave that out with json:\"-\"",
		},
		"an input": {
			restate.NewService("s").Handler("h", restate.NewServiceHandler(takes)),
			"endpoint: s/h: its input is a map[interface {}]interface {}, whose keys JSON cannot have (interface {}); change the type or the codec",
		},
		"a result of another codec": {
			restate.NewService("s").Handler("h", restate.NewServiceHandler(gives, restate.WithOutputCodec(schemaCodec{encoding.JSONCodec, func() any { return nil }}))), "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := endpoint.DefineForeign(pipeline.Pipeline{}, tt.def)
			if tt.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, tt.want)
			}
		})
	}
}

func TestACodecThatTellsAnotherTypeThanTheHandlersIsRefused(t *testing.T) {
	t.Parallel()
	_, err := endpoint.DefineForeign(pipeline.Pipeline{}, echo(restate.WithInputCodec(handler.Typed[*Item](encoding.JSONCodec))))
	require.EqualError(t, err, "endpoint: s/h takes a endpoint_test.Item, and its input codec tells that it is a *endpoint_test.Item; let it tell the same")
}

// Fragile does not describe itself on a nil pointer.
type Fragile struct{ contentType string }

func (f *Fragile) RestateUnmarshal(encoding.Codec, []byte) error { return nil }

func (f *Fragile) InputPayload(encoding.Codec) *encoding.InputPayload {
	return &encoding.InputPayload{ContentType: &f.contentType}
}

func TestATypeThatDescribesItselfIsNotAskedForItsFields(t *testing.T) {
	t.Parallel()
	for _, def := range []restate.ServiceDefinition{
		restate.NewService("s").Handler("h", restate.NewServiceHandler(func(_ restate.Context, in restate.Void) (restate.Void, error) { return in, nil })),
		restate.NewService("s").Handler("h", restate.NewServiceHandler(func(_ restate.Context, in any) (any, error) { return in, nil })),
		restate.NewService("s").Handler("h", restate.NewServiceHandler(func(_ restate.Context, in *Fragile) (string, error) { return "", nil })),
	} {
		_, err := endpoint.DefineForeign(pipeline.Pipeline{}, def)
		require.NoError(t, err)
	}
}
