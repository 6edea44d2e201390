package pipeline_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/pipeline"
)

// swallow recovers what fn panics with.
func swallow(fn func()) (r any) {
	defer func() { r = recover() }()
	fn()
	return nil
}

// nap suspends once in always-replay mode. It recovers the suspension, and reports
// whether there was one.
func nap(ctx restate.Context) (suspended bool) {
	return swallow(func() { _ = restate.Sleep(ctx, 100*time.Millisecond) }) != nil
}

// swallowing are the places that recover a suspension by themselves. then is what
// they do next, and go on with.
var swallowing = map[string]struct {
	configure func(cfg *pipeline.Config, then func(restate.Context) error)
	want      pipeline.Outcome // of the last attempt
}{
	"the handler": {func(cfg *pipeline.Config, then func(restate.Context) error) {
		cfg.Method = calling(cfg.Method, func(ctx restate.Context, _ any) (any, error) {
			if nap(ctx) {
				return "swallowed", then(ctx)
			}
			return "done", nil
		})
	}, pipeline.Completed},
	"a durable guard": {func(cfg *pipeline.Config, then func(restate.Context) error) {
		cfg.Handler.Guards = []pipeline.Guard{
			pipeline.Durable(pipeline.DurableGuardFunc(func(ctx restate.Context, _ *pipeline.Invocation) (bool, error) {
				if nap(ctx) {
					return false, then(ctx)
				}
				return true, nil
			})),
			pipeline.Durable(pipeline.DurableGuardFunc(func(ctx restate.Context, _ *pipeline.Invocation) (bool, error) {
				restate.Sleep(ctx, 0)
				return true, nil
			})),
		}
	}, pipeline.Completed},
	"a pipe": {func(cfg *pipeline.Config, then func(restate.Context) error) {
		cfg.Handler.Pipes = []pipeline.Pipe{pipeline.PipeFunc(func(ctx restate.Context, _ *pipeline.Invocation, input any) (any, error) {
			if nap(ctx) {
				return "swallowed", then(ctx)
			}
			return input, nil
		})}
	}, pipeline.Completed},
	"an interceptor, before it calls next": {func(cfg *pipeline.Config, then func(restate.Context) error) {
		cfg.Handler.Interceptors = []pipeline.Interceptor{pipeline.InterceptorFunc(
			func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
				if nap(ctx) {
					if err := then(ctx); err != nil {
						return nil, err
					}
				}
				return next(ctx, inv)
			})}
	}, pipeline.Completed},
	"an interceptor, after next": {func(cfg *pipeline.Config, then func(restate.Context) error) {
		cfg.Handler.Interceptors = []pipeline.Interceptor{pipeline.InterceptorFunc(
			func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
				result, err := next(ctx, inv)
				if nap(ctx) {
					return "swallowed", then(ctx)
				}
				return result, err
			})}
	}, pipeline.Completed},
	"a call interceptor": {func(cfg *pipeline.Config, then func(restate.Context) error) {
		cfg.Handler.CallInterceptors = []pipeline.CallInterceptor{pipeline.CallInterceptorFunc(
			func(ctx restate.Context, _ *pipeline.Call, _ pipeline.CallNext) error {
				if nap(ctx) {
					return then(ctx)
				}
				return nil
			})}
		cfg.Method = calling(cfg.Method, func(ctx restate.Context, _ any) (any, error) {
			return "done", invocation(ctx).WrapCall(ctx, &pipeline.Call{Verb: pipeline.VerbCall}, nil)
		})
	}, pipeline.Completed},
	"a dead letter": {func(cfg *pipeline.Config, then func(restate.Context) error) {
		cfg.Method = calling(cfg.Method, func(restate.Context, any) (any, error) { return nil, restate.TerminalErrorf("dead") })
		cfg.Handler.DeadLetter = &pipeline.DeadLetter{Send: func(ctx restate.Context, _ pipeline.Letter) error {
			if nap(ctx) {
				return then(ctx)
			}
			return nil
		}}
	}, pipeline.Terminal},
}

// A suspension is one, whatever they do who recover it: the SDK has ended the
// attempt by then.
func TestASwallowedSuspensionIsASuspension(t *testing.T) {
	t.Parallel()
	thens := map[string]struct {
		do     func(restate.Context) error
		panics string // of the user's, in the log
	}{
		"returns":                        {do: func(restate.Context) error { return nil }},
		"returns an error":               {do: func(restate.Context) error { return errors.New("swallowed") }},
		"returns a terminal error":       {do: func(restate.Context) error { return restate.TerminalErrorf("swallowed") }},
		"panics":                         {do: func(restate.Context) error { panic("swallowed") }, panics: "panic: swallowed"},
		"calls runtime.Goexit":           {do: func(restate.Context) error { runtime.Goexit(); return nil }, panics: "panic: runtime.Goexit was called"},
		"does another operation":         {do: func(ctx restate.Context) error { return restate.Sleep(ctx, time.Millisecond) }},
		"swallows another panic as well": {do: func(ctx restate.Context) error { nap(ctx); return nil }},
	}
	for where, place := range swallowing {
		for what, then := range thens {
			t.Run(where+" recovers it and "+what, func(t *testing.T) {
				t.Parallel()
				var filtered, after trace
				a := serve(t, spec{
					always: true,
					method: method(func(restate.Context, order) (string, error) { return "done", nil }),
					configure: func(cfg *pipeline.Config) {
						place.configure(cfg, then.do)
						cfg.Handler.Filters = []pipeline.Filter{pipeline.FilterFunc(func(_ context.Context, _ *pipeline.Invocation, err error) error {
							filtered.add("%v", err)
							return nil
						})}
						cfg.Global.Interceptors = []pipeline.Interceptor{pipeline.InterceptorFunc(
							func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
								result, err := next(ctx, inv)
								after.add("%v", result)
								return result, err
							})}
					},
				})
				out := a.call(order{})
				outcomes := a.outcomes(out.id)
				require.Equal(t, place.want, outcomes[len(outcomes)-1])
				for _, o := range outcomes[:len(outcomes)-1] {
					require.Equal(t, pipeline.Suspended.String(), o.String())
				}
				require.GreaterOrEqual(t, len(outcomes), 2)
				require.Equal(t, place.want == pipeline.Completed, out.status == http.StatusOK, out.body)
				require.NotContains(t, out.body, "swallowed")
				require.NotContains(t, filtered.lines, "swallowed")
				require.NotContains(t, after.lines, "swallowed", "code around it runs no more")

				warnings, panics := 0, 0
				for _, line := range a.log.of(out.id) {
					require.NotContains(t, line.message+line.attrs["err"], "closed")
					require.NotContains(t, line.message, "Invocation panicked")
					if line.message == "pipeline: user code recovered a panic of the SDK's, which goes on behind it; do not recover it" {
						warnings++
						require.Equal(t, "Suspended", line.attrs["panic"])
					}
					if line.message == "handler panicked" {
						panics++
						require.Equal(t, then.panics, line.attrs["err"])
						require.Contains(t, line.attrs["stack"], "TestASwallowedSuspensionIsASuspension")
					}
				}
				// One line, about the last that happened.
				require.Equal(t, then.panics == "", warnings == 1, "%d warnings", warnings)
				require.Equal(t, then.panics != "", panics == 1, "%d panics", panics)
			})
		}
	}
}

// What the SDK panics with besides goes on where its state machine has failed, and
// is the user's to recover where it has not.
func TestASwallowedFailureOfTheSDKIsWhatTheSDKMakesOfIt(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		handler func(ctx restate.Context) any // what is recovered
		want    []pipeline.Outcome
	}{
		"a step that fails": {func(ctx restate.Context) any {
			return swallow(func() {
				_, _ = restate.Run(ctx, func(restate.RunContext) (int, error) {
					if returnedOnce(ctx.Request().ID) {
						return 1, nil
					}
					return 0, pipeline.RetryAfter(errors.New("the step failed"), time.Millisecond)
				})
			})
		}, []pipeline.Outcome{pipeline.Retryable, pipeline.Completed}},
		"an input that does not encode": {func(ctx restate.Context) any {
			return swallow(func() { restate.ServiceSend(ctx, "nobody", "Nothing").Send(make(chan int)) })
		}, []pipeline.Outcome{pipeline.Completed}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var delays []time.Duration
			a := serve(t, spec{
				method: method(func(ctx restate.Context, _ order) (string, error) {
					_ = test.handler(ctx)
					return "done", nil
				}),
				configure: func(cfg *pipeline.Config) {
					cfg.Handler.Observers = []pipeline.Observer{pipeline.ObserverFunc(
						func(_ context.Context, inv *pipeline.Invocation, end pipeline.Ending) {
							if end.Outcome == pipeline.Retryable {
								delay, _ := inv.RetryDelay()
								delays = append(delays, delay)
							}
						})}
				},
			})
			out := a.call(order{})
			require.Equal(t, http.StatusOK, out.status, out.body)
			require.Equal(t, test.want, a.outcomes(out.id))
			for i, e := range a.watch.of(t, out.id) {
				if e.Outcome == pipeline.Retryable {
					require.ErrorContains(t, e.Err, "the step failed")
					require.Equal(t, time.Millisecond, delays[i], "the delay that the step asked for")
				}
			}
		})
	}
}
