package pipeline_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/pipeline"
)

func TestAPanicOfUserCodeBecomesAnError(t *testing.T) {
	t.Parallel()
	var seen []error
	tr := &trace{}
	out, err := runFake(t, newFake(), pipeline.Config{
		Global: pipeline.Stages{Observers: []pipeline.Observer{tracer{tr, "o"}}},
		Handler: pipeline.Stages{
			Interceptors: []pipeline.Interceptor{pipeline.InterceptorFunc(
				func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
					result, err := next(ctx, inv)
					seen = append(seen, err)
					return result, err
				})},
			Filters: []pipeline.Filter{pipeline.Catch(func(_ context.Context, _ *pipeline.Invocation, err *pipeline.PanicError) error {
				seen = append(seen, err)
				return nil
			})},
		},
		Method: pipeline.MethodFunc(func(restate.Context, any) (any, error) { panic(restate.TerminalErrorf("sold out")) }),
	})
	require.Nil(t, out)
	var p *pipeline.PanicError
	require.ErrorAs(t, err, &p)
	require.Equal(t, "panic: sold out", err.Error())
	require.Contains(t, string(p.Stack), "TestAPanicOfUserCodeBecomesAnError", "the stack of who panicked")
	require.False(t, restate.IsTerminalError(err), "a panic is retried, whatever its value")
	require.Equal(t, []error{p, p}, seen, "interceptors and filters see it")
	require.Equal(t, []string{"started o", "panicked o", "ended o retryable"}, tr.lines)
}

func TestAPanicOfTheSDKPassesUntouched(t *testing.T) {
	t.Parallel()
	swallow := pipeline.InterceptorFunc(func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (result any, err error) {
		defer func() {
			if recover() != nil {
				result = []byte("swallowed")
			}
		}()
		return next(ctx, inv)
	})
	again := pipeline.InterceptorFunc(func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
		defer func() {
			if r := recover(); r != nil {
				panic(r)
			}
		}()
		return next(ctx, inv)
	})
	fallout := pipeline.InterceptorFunc(func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
		defer func() { panic("in a deferred function") }()
		return next(ctx, inv)
	})
	guard := pipeline.GuardFunc(func(context.Context, *pipeline.Invocation) (bool, error) { return true, nil })
	pipe := pipeline.PipeFunc(func(_ restate.Context, _ *pipeline.Invocation, input any) (any, error) { return input, nil })
	tests := map[string]struct {
		stages   pipeline.Stages
		panicked bool
	}{
		"through nothing": {},
		"through guards, interceptors and pipes": {stages: pipeline.Stages{
			Guards: []pipeline.Guard{guard}, Interceptors: []pipeline.Interceptor{(&trace{}).interceptor("a")}, Pipes: []pipeline.Pipe{pipe},
		}},
		"through an interceptor that recovers": {stages: pipeline.Stages{Interceptors: []pipeline.Interceptor{swallow}}},
		"through two of them":                  {stages: pipeline.Stages{Interceptors: []pipeline.Interceptor{swallow, swallow}}},
		"through one that panics again":        {stages: pipeline.Stages{Interceptors: []pipeline.Interceptor{again, swallow, again}}},
		"through one whose deferred function panics": {
			stages: pipeline.Stages{Interceptors: []pipeline.Interceptor{fallout}}, panicked: true,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := &trace{}
			tt.stages.Observers = []pipeline.Observer{tracer{tr, "o"}}
			tt.stages.Filters = []pipeline.Filter{pipeline.FilterFunc(func(_ context.Context, _ *pipeline.Invocation, err error) error {
				tr.add("filter saw %v", err)
				return restate.TerminalErrorf("caught")
			})}
			require.PanicsWithValue(t, "service definition with the same name exists", func() {
				_, _ = runFake(t, newFake(), pipeline.Config{
					Handler: tt.stages,
					Method:  pipeline.MethodFunc(func(restate.Context, any) (any, error) { sdkPanic(); return nil, nil }),
				})
			})
			want := []string{"started o", "ended o retryable"}
			if tt.panicked {
				want = []string{"started o", "panicked o", "ended o retryable"}
			}
			require.Equal(t, want, tr.lines)
		})
	}
}

func TestAPanicOfUserCodeThatTheSDKCalledIsTheUsers(t *testing.T) {
	t.Parallel()
	_, err := runFake(t, newFake(), pipeline.Config{Method: pipeline.MethodFunc(func(restate.Context, any) (any, error) {
		return encoding.Marshal(panickingCodec{}, 1)
	})})
	var p *pipeline.PanicError
	require.ErrorAs(t, err, &p)
}

func TestAPanicOfTheStandardLibraryIsItsCallers(t *testing.T) {
	t.Parallel()
	_, err := runFake(t, newFake(), pipeline.Config{Method: pipeline.MethodFunc(func(restate.Context, any) (any, error) {
		return strings.Repeat("x", -1), nil
	})})
	var p *pipeline.PanicError
	require.ErrorAs(t, err, &p)

	require.PanicsWithValue(t, "nil key", func() {
		_, _ = runFake(t, newFake(), pipeline.Config{Method: pipeline.MethodFunc(func(ctx restate.Context, _ any) (any, error) {
			restate.WithValue(ctx, nil, 1)
			return nil, nil
		})})
	})
}

// panickingCodec is user code that the SDK calls.
type panickingCodec struct{ encoding.Codec }

func (panickingCodec) Marshal(any) ([]byte, error) { panic("bug") }

func TestAnEndedContextIsNeverATerminalResult(t *testing.T) {
	t.Parallel()
	tests := map[string]func() (any, error){
		"with a terminal error": func() (any, error) { return nil, restate.TerminalErrorf("sold out") },
		"with an error":         func() (any, error) { return nil, errors.New("sold out") },
		"with a panic":          func() (any, error) { panic("bug") },
		"with a result":         func() (any, error) { return []byte("bought, in a hurry"), nil },
	}
	for name, call := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := &trace{}
			f := newFake()
			ctx, cancel := context.WithCancel(f.Context)
			f.Context = ctx
			var heard []error
			listen := pipeline.InterceptorFunc(func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
				_, err := next(ctx, inv)
				heard = append(heard, err)
				return []byte("a fallback"), nil
			})
			stages := tr.stages("s", true)
			stages.Interceptors, stages.Guards, stages.Pipes = []pipeline.Interceptor{listen, listen}, nil, nil
			stages.DeadLetter = &pipeline.DeadLetter{Send: func(restate.Context, pipeline.Letter) error {
				t.Error("no letter about an attempt that nobody hears of")
				return nil
			}}
			out, err := runFake(t, f, pipeline.Config{
				Handler: stages,
				Method:  pipeline.MethodFunc(func(restate.Context, any) (any, error) { cancel(); return call() }),
			})
			require.Nil(t, out, "and no result either")
			require.Len(t, heard, 2)
			for _, err := range append(heard, err) {
				require.ErrorIs(t, err, pipeline.ErrAborted)
				require.False(t, restate.IsTerminalError(err))
			}
			require.Contains(t, tr.lines, "ended s aborted")
			require.NotContains(t, tr.lines, "filter s", "filters do not see it")
			require.NotContains(t, tr.lines, "mapping s")
		})
	}
}

func TestGoexitIsToldAsAborted(t *testing.T) {
	t.Parallel()
	tr := &trace{}
	var escaped any
	ended := true
	var wg sync.WaitGroup
	wg.Go(func() {
		func() {
			defer func() { escaped = recover() }()
			_, _ = runFake(t, newFake(), pipeline.Config{
				Handler: pipeline.Stages{
					Interceptors: []pipeline.Interceptor{tr.interceptor("i")}, Observers: []pipeline.Observer{tracer{tr, "o"}},
				},
				Method: pipeline.MethodFunc(func(restate.Context, any) (any, error) { runtime.Goexit(); return nil, nil }),
			})
		}()
		ended = false
	})
	wg.Wait()
	require.Equal(t, []string{"started o", "interceptor i", "panicked o", "ended o aborted"}, tr.lines)
	require.EqualError(t, escaped.(error), "pipeline: attempt aborted: runtime.Goexit was called", "what Restate gets")
	require.True(t, ended, "the goroutine went on")
}
