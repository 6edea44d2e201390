package pipeline_test

import (
	"context"
	"log/slog"
	"reflect"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/pipeline"
)

// Greeter is the handler whose attempts are measured.
type Greeter struct{}

// Greeting is its input and output.
type Greeting struct {
	Name string `json:"name"`
}

// Greet returns its input.
func (*Greeter) Greet(_ restate.Context, in Greeting) (Greeting, error) { return in, nil }

// fresh is the log handler of an attempt that does not replay.
type fresh struct{ slog.Handler }

func (fresh) Enabled(context.Context, slog.Level) bool { return true }

// attempts are the handlers whose attempts are measured: the SDK's own, ours with
// what the module always has and nothing else, and ours with the whole pipeline.
func attempts(t testing.TB) map[string]func() {
	t.Helper()
	desc, err := handler.Spec{Type: reflect.TypeFor[*Greeter]()}.Describe()
	require.NoError(t, err)
	always := pipeline.LogPanics(slog.New(slog.DiscardHandler))
	empty := pipeline.Pipeline{Global: pipeline.Stages{Observers: []pipeline.Observer{always}}}
	cfg := benchConfigs()["full"]
	cfg.Global.Observers = append([]pipeline.Observer{always}, cfg.Global.Observers...)
	cfg.Global.Guards = []pipeline.Guard{pipeline.GuardFunc(func(_ context.Context, inv *pipeline.Invocation) (bool, error) {
		in, err := pipeline.InputOf[Greeting](inv)
		return in.Name != "", err
	})}
	full := pipeline.Pipeline{Global: cfg.Global, Service: cfg.Service, Handlers: map[string]pipeline.Stages{"Greet": cfg.Handler}}

	attempt := func(def restate.ServiceDefinition, err error) func() {
		require.NoError(t, err)
		h := def.Handlers()["Greet"]
		ctx := newFake()
		ctx.log = slog.New(fresh{slog.DiscardHandler})
		ctx.request.Body = []byte(`{"name":"ada"}`)
		return func() {
			if _, err := h.Call(ctx, ctx.request.Body); err != nil {
				t.Fatal(err)
			}
		}
	}
	return map[string]func(){
		"reflect": attempt(restate.Reflect(&Greeter{}), nil),
		"empty":   attempt(endpoint.Define(empty, desc, &Greeter{})),
		"full":    attempt(endpoint.Define(full, desc, &Greeter{})),
	}
}

// BenchmarkAttempt measures an attempt from the SDK's call to the encoded result.
func BenchmarkAttempt(b *testing.B) {
	all := attempts(b)
	for _, name := range []string{"reflect", "empty", "full"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				all[name]()
			}
		})
	}
}

// What the pipeline may cost, in allocations, which do not depend on the machine.
func TestAllocationsOfTheWholeWayOfAnAttempt(t *testing.T) {
	allocations := map[string]float64{}
	for name, attempt := range attempts(t) {
		allocations[name] = testing.AllocsPerRun(1000, attempt)
	}
	require.LessOrEqual(t, allocations["empty"], allocations["reflect"]+3, "%v", allocations)
	require.LessOrEqual(t, allocations["full"], allocations["empty"]+10, "%v", allocations)
}
