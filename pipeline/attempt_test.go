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

// BenchmarkAttempt measures an attempt from the SDK's call to the encoded result:
// of the SDK's own handler, of ours with nothing configured, and of ours with the
// whole pipeline.
func BenchmarkAttempt(b *testing.B) {
	desc, err := handler.Spec{Type: reflect.TypeFor[*Greeter]()}.Describe()
	require.NoError(b, err)
	full := benchConfigs()["full"]
	full.Global.Guards = []pipeline.Guard{pipeline.GuardFunc(func(_ context.Context, inv *pipeline.Invocation) (bool, error) {
		in, err := pipeline.InputOf[Greeting](inv)
		return in.Name != "", err
	})}
	for _, bench := range []struct {
		name string
		def  func() (restate.ServiceDefinition, error)
	}{
		{"reflect", func() (restate.ServiceDefinition, error) { return restate.Reflect(&Greeter{}), nil }},
		{"empty", func() (restate.ServiceDefinition, error) { return endpoint.Pipeline{}.Definition(desc, &Greeter{}) }},
		{"full", func() (restate.ServiceDefinition, error) {
			return endpoint.Pipeline{Global: full.Global, Service: full.Service, Handlers: map[string]pipeline.Stages{"Greet": full.Handler}}.Definition(desc, &Greeter{})
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			def, err := bench.def()
			require.NoError(b, err)
			h := def.Handlers()["Greet"]
			ctx := newFake()
			ctx.log = slog.New(fresh{slog.DiscardHandler})
			ctx.request.Body = []byte(`{"name":"ada"}`)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := h.Call(ctx, ctx.request.Body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
