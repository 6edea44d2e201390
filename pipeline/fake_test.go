package pipeline_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/pipeline"
)

// fake is a context of the SDK's without an SDK, for what is pure logic.
type fake struct {
	restate.MockableContext // nil: durable operations are not for here
	context.Context
	request restate.Request
	log     *slog.Logger
}

func newFake() *fake {
	return &fake{Context: context.Background(), log: slog.New(slog.DiscardHandler), request: restate.Request{ID: "inv_1"}}
}

func (f *fake) Deadline() (time.Time, bool) { return f.Context.Deadline() }
func (f *fake) Value(key any) any           { return f.Context.Value(key) }
func (f *fake) Done() <-chan struct{}       { return f.Context.Done() }
func (f *fake) Err() error                  { return f.Context.Err() }
func (f *fake) Request() *restate.Request   { return &f.request }
func (f *fake) Log() *slog.Logger           { return f.log }
func (f *fake) Key() string                 { return "k" }

// Run executes the closure at once, as in a first attempt.
func (f *fake) Run(fn func(restate.RunContext) (any, error), output any, _ ...restate.RunOption) restate.TerminalError {
	result, err := fn(f)
	if err != nil {
		return restate.ToTerminalError(err)
	}
	encoded, _ := json.Marshal(result)
	_ = json.Unmarshal(encoded, output)
	return nil
}

func (f *fake) Wrap(ctx context.Context) restate.MockableContext {
	wrapped := *f
	wrapped.Context = ctx
	return &wrapped
}

// sdkPanic makes the SDK panic, with a string.
func sdkPanic() {
	def := restate.NewService("twice")
	server.NewRestate().Bind(def).Bind(def)
}

// runFake compiles a chain and runs one attempt of it.
func runFake(t testing.TB, f *fake, cfg pipeline.Config) ([]byte, error) {
	t.Helper()
	cfg.Target.Service, cfg.Target.Handler = "shop", "Buy"
	if f, ok := cfg.Method.(pipeline.MethodFunc); cfg.Method == nil || ok && f == nil {
		cfg.Method = calling(cfg.Method, func(restate.Context, any) (any, error) { return []byte("bought"), nil })
	}
	chain, err := pipeline.Compile(cfg)
	require.NoError(t, err)
	return chain.Run(restate.WithMockContext(f), new(pipeline.Invocation))
}

// trace writes down what runs.
type trace struct{ lines []string }

func (tr *trace) add(format string, args ...any) {
	tr.lines = append(tr.lines, fmt.Sprintf(format, args...))
}

// stages returns one member of each stage that writes down that it runs. Filters
// take errors only at the given level.
func (tr *trace) stages(level string, catches bool) pipeline.Stages {
	return pipeline.Stages{
		Guards: []pipeline.Guard{pipeline.GuardFunc(func(context.Context, *pipeline.Invocation) (bool, error) {
			tr.add("guard %s", level)
			return true, nil
		})},
		Interceptors: []pipeline.Interceptor{tr.interceptor(level + " 1"), tr.interceptor(level + " 2")},
		Pipes: []pipeline.Pipe{pipeline.PipeFunc(func(_ restate.Context, _ *pipeline.Invocation, input any) (any, error) {
			tr.add("pipe %s", level)
			return input, nil
		})},
		Filters: []pipeline.Filter{pipeline.FilterFunc(func(_ context.Context, _ *pipeline.Invocation, err error) error {
			tr.add("filter %s", level)
			if catches {
				return fmt.Errorf("%s: %w", level, err)
			}
			return nil
		})},
		Observers: []pipeline.Observer{tracer{tr, level}},
		AsTerminalError: func(error) restate.TerminalError {
			tr.add("mapping %s", level)
			return nil
		},
	}
}

func (tr *trace) interceptor(name string) pipeline.Interceptor {
	return pipeline.InterceptorFunc(func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
		tr.add("interceptor %s", name)
		result, err := next(ctx, inv)
		tr.add("interceptor %s after, failed %t", name, err != nil)
		return result, err
	})
}

type tracer struct {
	*trace
	level string
}

func (o tracer) Started(ctx context.Context, _ *pipeline.Invocation) context.Context {
	o.add("started %s", o.level)
	return ctx
}

func (o tracer) Panicked(context.Context, *pipeline.Invocation, *pipeline.PanicError) {
	o.add("panicked %s", o.level)
}

func (o tracer) Ended(_ context.Context, _ *pipeline.Invocation, end pipeline.Ending) {
	o.add("ended %s %s", o.level, end.Outcome)
}
