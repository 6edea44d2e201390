package pipeline_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
)

// sleeper is a handler that suspends once in always-replay mode.
func sleeper(ctx restate.Context, _ order) (string, error) {
	if err := restate.Sleep(ctx, 100*time.Millisecond); err != nil {
		return "", err
	}
	return "slept", nil
}

func TestNoUserCodeRunsAfterTheCallThatSuspends(t *testing.T) {
	t.Parallel()
	var before, after, filtered atomic.Int32
	a := serve(t, spec{
		always: true,
		method: method(sleeper),
		configure: func(cfg *pipeline.Config) {
			cfg.Handler.Interceptors = []pipeline.Interceptor{pipeline.InterceptorFunc(
				func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
					before.Add(1)
					result, err := next(ctx, inv)
					after.Add(1)
					return result, err
				})}
			cfg.Handler.Filters = []pipeline.Filter{pipeline.FilterFunc(
				func(context.Context, *pipeline.Invocation, error) error { filtered.Add(1); return nil })}
		},
	})
	out := a.call(order{})
	require.Equal(t, http.StatusOK, out.status)
	require.Equal(t, []pipeline.Outcome{pipeline.Suspended, pipeline.Completed}, a.outcomes(out.id))
	require.EqualValues(t, 2, before.Load())
	require.EqualValues(t, 1, after.Load())
	require.Zero(t, filtered.Load())
}

// What people write by hand, wrongly or rightly, around something that suspends.
func TestSuspensionSurvivesWhoeverRecovers(t *testing.T) {
	t.Parallel()
	intercept := func(f pipeline.InterceptorFunc) func(*pipeline.Config) {
		return func(cfg *pipeline.Config) { cfg.Handler.Interceptors = []pipeline.Interceptor{f} }
	}
	tests := map[string]struct {
		configure func(*pipeline.Config)
		method    func(restate.Context, order) (string, error)
	}{
		"an interceptor that recovers and returns a result": {configure: intercept(
			func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (result any, err error) {
				defer func() {
					if recover() != nil {
						result, err = "recovered", nil
					}
				}()
				return next(ctx, inv)
			})},
		"an interceptor that recovers and returns a terminal error": {configure: intercept(
			func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (result any, err error) {
				defer func() {
					if recover() != nil {
						err = restate.TerminalErrorf("recovered")
					}
				}()
				return next(ctx, inv)
			})},
		"an interceptor that recovers and panics again": {configure: intercept(
			func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
				defer func() {
					if r := recover(); r != nil {
						panic(r)
					}
				}()
				return next(ctx, inv)
			})},
		"an interceptor with a deferred function that panics": {configure: intercept(
			func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
				defer func() {
					if inv.Header("x") == "" && !replaying(ctx) && !returnedOnce(inv.ID()) {
						panic("in a deferred function")
					}
				}()
				return next(ctx, inv)
			})},
		"a handler that recovers and panics again": {method: func(ctx restate.Context, in order) (string, error) {
			defer func() {
				if r := recover(); r != nil {
					panic(r)
				}
			}()
			return sleeper(ctx, in)
		}},
		"a handler that panics again when the stack is gone": {method: func(ctx restate.Context, in order) (out string, err error) {
			sync.OnceFunc(func() { out, err = sleeper(ctx, in) })()
			return out, err
		}},
		"a handler that panics again later": {method: func(ctx restate.Context, in order) (out string, err error) {
			var caught any
			func() {
				defer func() { caught = recover() }()
				out, err = sleeper(ctx, in)
			}()
			if caught != nil {
				panic(caught)
			}
			return out, err
		}},
		"a call interceptor that recovers": {
			configure: func(cfg *pipeline.Config) {
				cfg.Handler.CallInterceptors = []pipeline.CallInterceptor{pipeline.CallInterceptorFunc(
					func(ctx restate.Context, call *pipeline.Call, next pipeline.CallNext) error {
						defer func() { _ = recover() }()
						return next(ctx, call)
					})}
			},
			method: func(ctx restate.Context, in order) (string, error) {
				return "called", invocation(ctx).WrapCall(ctx, &pipeline.Call{}, func(ctx restate.Context, _ *pipeline.Call) error {
					_, err := sleeper(ctx, in)
					return err
				})
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tt.method == nil {
				tt.method = sleeper
			}
			a := serve(t, spec{always: true, method: method(tt.method), configure: tt.configure})
			out := a.call(order{})
			require.Equal(t, http.StatusOK, out.status, out.body)
			require.NotContains(t, out.body, "recovered")
			require.Equal(t, pipeline.Suspended, a.outcomes(out.id)[0])
			require.NotContains(t, a.outcomes(out.id), pipeline.Retryable)
			for _, line := range a.log.of(out.id) {
				require.NotContains(t, line.message+line.attrs["err"], "closed")
			}
		})
	}
}

var returned sync.Map

// returnedOnce is false the first time for an invocation.
func returnedOnce(id string) bool {
	_, known := returned.LoadOrStore(id, true)
	return known
}

func TestReplayingTellsAttemptsApart(t *testing.T) {
	inModes(t, func(t *testing.T, always bool) {
		var mu sync.Mutex
		var before, after []bool
		a := serve(t, spec{
			always: always,
			method: method(sleeper),
			configure: func(cfg *pipeline.Config) {
				cfg.Handler.Interceptors = []pipeline.Interceptor{pipeline.InterceptorFunc(
					func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
						mu.Lock()
						before = append(before, inv.Replaying())
						mu.Unlock()
						result, err := next(ctx, inv)
						mu.Lock()
						after = append(after, inv.Replaying())
						mu.Unlock()
						return result, err
					})}
			},
		})
		require.Equal(t, http.StatusOK, a.call(order{}).status)
		if always {
			require.Equal(t, []bool{false, true}, before)
		} else {
			require.Equal(t, []bool{false}, before)
		}
		require.Equal(t, []bool{false}, after, "the last journal entry was replayed by then")
	})
}

func TestAnAttemptWhoseStreamIsGoneIsAborted(t *testing.T) {
	t.Parallel()
	started := make(chan string, 1)
	a := serve(t, spec{
		method: method(func(ctx restate.Context, _ order) (string, error) {
			started <- ctx.Request().ID
			<-ctx.Done()
			return "", restate.TerminalErrorf("gone: %v", ctx.Err())
		}),
	})
	id := a.send(order{})
	require.Equal(t, id, <-started)
	status, raw := do(t, http.MethodPatch, testkit.Server().AdminURL()+"/invocations/"+id+"/kill", nil, nil)
	require.Less(t, status, 300, "%s", raw)
	require.Equal(t, []pipeline.Outcome{pipeline.Aborted}, a.outcomes(id))
	require.ErrorIs(t, a.watch.of(t, id)[0].Err, pipeline.ErrAborted)
	require.ErrorIs(t, a.watch.of(t, id)[0].Err, context.Canceled)
}
