package pipeline_test

import (
	"context"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/pipeline/httperror"
)

// benchConfigs are chains with nothing configured and with what an application
// has: one guard, five interceptors, two pipes, a filter and an observer.
func benchConfigs() map[string]pipeline.Config {
	var result any = []byte("done")
	var input any = "input"
	m := methodFuncs{
		decode: func(*pipeline.Invocation) (any, error) { return input, nil },
		call:   func(restate.Context, any) (any, error) { return result, nil },
	}
	through := pipeline.InterceptorFunc(func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
		return next(ctx, inv)
	})
	pass := pipeline.PipeFunc(func(_ restate.Context, _ *pipeline.Invocation, input any) (any, error) { return input, nil })
	return map[string]pipeline.Config{
		"empty": {Method: m},
		"full": {
			Method: m,
			Global: pipeline.Stages{
				Guards: []pipeline.Guard{pipeline.GuardFunc(func(_ context.Context, inv *pipeline.Invocation) (bool, error) {
					in, err := pipeline.InputOf[string](inv)
					return in != "", err
				})},
				Interceptors: []pipeline.Interceptor{through, through, through},
				Filters:      []pipeline.Filter{httperror.Filter()},
				Observers:    []pipeline.Observer{pipeline.ObserverBase{}},
			},
			Service: pipeline.Stages{Interceptors: []pipeline.Interceptor{through, through}},
			Handler: pipeline.Stages{Pipes: []pipeline.Pipe{pass, pass}},
		},
	}
}

func BenchmarkChain(b *testing.B) {
	for name, cfg := range benchConfigs() {
		b.Run(name, func(b *testing.B) {
			chain, err := pipeline.Compile(cfg)
			require.NoError(b, err)
			var ctx restate.Context = restate.WithMockContext(newFake())
			inv := new(pipeline.Invocation)
			b.ReportAllocs()
			for b.Loop() {
				*inv = pipeline.Invocation{} // the caller's, part of its scope
				if _, err := chain.Run(ctx, inv); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The figures of the chain alone, in allocations, which do not depend on the
// machine.
func TestAllocationsOfAnAttempt(t *testing.T) {
	for name, limit := range map[string]float64{"empty": 0, "full": 0} {
		t.Run(name, func(t *testing.T) {
			chain, err := pipeline.Compile(benchConfigs()[name])
			require.NoError(t, err)
			var ctx restate.Context = restate.WithMockContext(newFake())
			inv := new(pipeline.Invocation)
			allocs := testing.AllocsPerRun(1000, func() {
				*inv = pipeline.Invocation{}
				_, err = chain.Run(ctx, inv)
			})
			require.NoError(t, err)
			require.LessOrEqual(t, allocs, limit, name)
		})
	}
}
