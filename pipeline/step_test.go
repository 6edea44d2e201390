package pipeline_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/pipeline/concurrency"
	"github.com/fxrestate/go/pipeline/fault"
	"github.com/fxrestate/go/pipeline/steptimeout"
)

func steps(interceptors ...pipeline.StepInterceptor) func(*pipeline.Config) {
	return func(cfg *pipeline.Config) { cfg.Handler.StepInterceptors = interceptors }
}

func TestStepInterceptorsRunOncePerExecutedClosure(t *testing.T) {
	inModes(t, func(t *testing.T, always bool) {
		var mu sync.Mutex
		var names []string
		var attempts atomic.Int32
		around := func(who string) pipeline.StepInterceptor {
			return pipeline.StepInterceptorFunc(func(ctx restate.RunContext, step *pipeline.Step, next pipeline.StepNext) (any, error) {
				mu.Lock()
				names = append(names, who+" "+step.Name())
				mu.Unlock()
				result, err := next(ctx, step)
				if s, ok := result.(string); ok {
					result = s + "," + who
				}
				return result, err
			})
		}
		a := serve(t, spec{
			always:    always,
			configure: steps(around("outer"), around("inner")),
			method: method(func(ctx restate.Context, _ order) (string, error) {
				attempts.Add(1)
				charged, err := restate.Run(ctx, func(restate.RunContext) (string, error) { return "charged", nil }, restate.WithName("charge"))
				if err != nil {
					return "", err
				}
				if _, err := sleeper(ctx, order{}); err != nil {
					return "", err
				}
				if attempts.Load() < 4 {
					return "", errors.New("again")
				}
				mailed, err := restate.Run(ctx, func(restate.RunContext) (string, error) { return "mailed", nil })
				return charged + ";" + mailed, err
			}),
		})
		out := a.call(order{})
		require.Equal(t, http.StatusOK, out.status, out.body)
		require.JSONEq(t, `"charged,inner,outer;mailed,inner,outer"`, out.body)
		require.Equal(t, []string{"outer charge", "inner charge", "outer ", "inner "}, names)
	})
}

func TestErrorsOfClosuresAreMapped(t *testing.T) {
	inModes(t, func(t *testing.T, always bool) {
		declined := errors.New("card declined")
		var tries atomic.Int32
		filtered := make(chan string, 10)
		a := serve(t, spec{
			always: always,
			configure: func(cfg *pipeline.Config) {
				cfg.Service.AsTerminalError = func(err error) restate.TerminalError {
					if errors.Is(err, declined) {
						return restate.ToTerminalError(err, restate.WithErrorCode(402))
					}
					return nil
				}
				cfg.Service.Filters = []pipeline.Filter{pipeline.FilterFunc(
					func(_ context.Context, _ *pipeline.Invocation, err error) error { filtered <- err.Error(); return nil })}
			},
			method: method(func(ctx restate.Context, _ order) (string, error) {
				_, err := restate.Run(ctx, func(restate.RunContext) (string, error) {
					if tries.Add(1) == 1 {
						return "", errors.New("gateway down")
					}
					return "", declined
				})
				return "", err
			}),
		})
		out := a.call(order{})
		require.Equal(t, 402, out.status, out.body)
		require.EqualValues(t, 2, tries.Load(), "what is not mapped is retried")
		close(filtered)
		var seen []string
		for text := range filtered {
			seen = append(seen, text)
		}
		require.Equal(t, []string{"gateway down", "card declined", "card declined"}, seen,
			"filters see each failed try before the mapping does, and then what the handler returns")
	})
}

func TestAClosureOfAnAbortedAttemptIsNeverTerminal(t *testing.T) {
	t.Parallel()
	for name, cause := range map[string]error{
		"with a terminal error": restate.TerminalErrorf("sold out"), "with another one": errors.New("gateway down"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, inv := newFake(), new(pipeline.Invocation)
			ctx, cancel := context.WithCancel(f.Context)
			f.Context = ctx
			chain := compile(t, func(cfg *pipeline.Config) {
				cfg.Global.AsTerminalError = func(err error) restate.TerminalError { return restate.ToTerminalError(err) }
			}, func(restate.Context, any) (any, error) {
				cancel()
				_, err := inv.WrapStep(func(restate.RunContext) (any, error) { return nil, cause }, nil)(f)
				require.ErrorIs(t, err, pipeline.ErrAborted)
				require.False(t, restate.IsTerminalError(err))
				return nil, nil
			})
			_, err := chain.Run(restate.WithMockContext(f), inv)
			require.ErrorIs(t, err, pipeline.ErrAborted)
		})
	}
}

func TestAClosureWhoseOwnContextEndedFailsAsItSays(t *testing.T) {
	t.Parallel()
	late := errors.New("late")
	tests := map[string]struct {
		err      error
		terminal bool
		delay    time.Duration
	}{
		"terminally":              {restate.ToTerminalError(late, restate.WithErrorCode(504)), true, 0},
		"with an error":           {errors.New("gateway down"), false, 0},
		"with one that is mapped": {late, true, 0},
		"with a retry delay":      {busy{time.Minute}, false, time.Minute},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, inv := newFake(), new(pipeline.Invocation)
			ctx, cancel := context.WithCancel(context.Background())
			var closure error
			_, err := compile(t, func(cfg *pipeline.Config) {
				cfg.Global.AsTerminalError = func(err error) restate.TerminalError {
					if errors.Is(err, late) {
						return restate.ToTerminalError(err, restate.WithErrorCode(504))
					}
					return nil
				}
			}, func(restate.Context, any) (any, error) {
				cancel()
				_, closure = inv.WrapStep(func(restate.RunContext) (any, error) { return nil, tt.err }, nil)(runContext{f, ctx})
				return nil, closure
			}).Run(restate.WithMockContext(f), inv)
			require.Equal(t, closure, err)
			require.NotErrorIs(t, err, pipeline.ErrAborted)
			require.Equal(t, tt.terminal, restate.IsTerminalError(err))
			delay, _ := inv.RetryDelay()
			require.Equal(t, tt.delay, delay)
		})
	}
}

func TestAStepInterceptorMayCallNextOnce(t *testing.T) {
	t.Parallel()
	twice := pipeline.StepInterceptorFunc(func(ctx restate.RunContext, step *pipeline.Step, next pipeline.StepNext) (any, error) {
		if _, err := next(ctx, step); err == nil {
			return nil, errors.New("expected an error")
		}
		return next(ctx, step)
	})
	through := pipeline.StepInterceptorFunc(func(ctx restate.RunContext, step *pipeline.Step, next pipeline.StepNext) (any, error) {
		return next(ctx, step)
	})
	for name, interceptors := range map[string][]pipeline.StepInterceptor{
		"around the closure":         {twice},
		"around another interceptor": {twice, through},
		"as the inner one of two":    {through, twice},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, inv, calls := newFake(), new(pipeline.Invocation), 0
			_, err := compile(t, steps(interceptors...), func(restate.Context, any) (any, error) {
				_, err := inv.WrapStep(func(restate.RunContext) (any, error) { calls++; return nil, errors.New("gateway down") }, nil)(f)
				return nil, err
			}).Run(restate.WithMockContext(f), inv)
			require.ErrorIs(t, err, pipeline.ErrNextTwice)
			require.Equal(t, 1, calls)

			inv = new(pipeline.Invocation) // each execution counts for itself
			_, err = compile(t, steps(through), func(restate.Context, any) (any, error) {
				wrapped := inv.WrapStep(func(restate.RunContext) (any, error) { return nil, nil }, nil)
				_, _ = wrapped(f)
				return wrapped(f)
			}).Run(restate.WithMockContext(f), inv)
			require.NoError(t, err)
		})
	}
}

func TestAMappingThatPanicsOnAnErrorOfAClosureIsRetried(t *testing.T) {
	t.Parallel()
	tr, f, inv := &trace{}, newFake(), new(pipeline.Invocation)
	_, err := compile(t, func(cfg *pipeline.Config) {
		cfg.Global.Observers = []pipeline.Observer{tracer{tr, "o"}}
		cfg.Global.AsTerminalError = func(err error) restate.TerminalError {
			if p := (*pipeline.PanicError)(nil); errors.As(err, &p) {
				return nil // the handler passes it on, so it comes here again
			}
			panic("bug in a mapping")
		}
	}, func(restate.Context, any) (any, error) {
		_, err := inv.WrapStep(func(restate.RunContext) (any, error) { return nil, errors.New("gateway down") }, nil)(f)
		return nil, err
	}).Run(restate.WithMockContext(f), inv)
	var p *pipeline.PanicError
	require.ErrorAs(t, err, &p)
	require.Equal(t, "bug in a mapping", p.Value)
	require.Contains(t, string(p.Stack), "TestAMappingThatPanicsOnAnErrorOfAClosureIsRetried")
	require.Equal(t, []string{"started o", "panicked o", "ended o retryable"}, tr.lines)
}

func TestGoexitInAClosureFailsTheStep(t *testing.T) {
	inModes(t, func(t *testing.T, always bool) {
		var tries atomic.Int32
		a := serve(t, spec{always: always, method: method(func(ctx restate.Context, _ order) (string, error) {
			return restate.Run(ctx, func(restate.RunContext) (string, error) {
				if tries.Add(1) == 1 {
					runtime.Goexit() // as t.FailNow does
				}
				return "done", nil
			})
		})})
		out := a.call(order{})
		require.Equal(t, http.StatusOK, out.status, out.body)
		require.Len(t, a.log.panics(out.id), 1)
		require.Contains(t, a.log.panics(out.id)[0].attrs["err"], "runtime.Goexit")
		require.Contains(t, a.log.panics(out.id)[0].attrs["stack"], "TestGoexitInAClosureFailsTheStep")
		require.Contains(t, a.outcomes(out.id), pipeline.Retryable)
	})
}

func TestAPanicInAClosureIsLoggedAndRetried(t *testing.T) {
	inModes(t, func(t *testing.T, always bool) {
		var tries atomic.Int32
		a := serve(t, spec{always: always, method: method(func(ctx restate.Context, _ order) (string, error) {
			return restate.Run(ctx, func(restate.RunContext) (string, error) {
				if tries.Add(1) == 1 {
					panic("bug in a closure")
				}
				return "done", nil
			})
		})})
		out := a.call(order{})
		require.Equal(t, http.StatusOK, out.status, out.body)
		require.Len(t, a.log.panics(out.id), 1)
		require.Contains(t, a.log.panics(out.id)[0].attrs["stack"], "TestAPanicInAClosureIsLoggedAndRetried")
	})
}

func TestTimeoutEndsTheContextOfAClosure(t *testing.T) {
	t.Parallel()
	var tries atomic.Int32
	var deadline atomic.Bool
	a := serve(t, spec{
		configure: steps(steptimeout.New(20 * time.Millisecond)),
		method: method(func(ctx restate.Context, _ order) (string, error) {
			return restate.Run(ctx, func(ctx restate.RunContext) (string, error) {
				_, has := ctx.Deadline()
				deadline.Store(has && ctx.Request() != nil && ctx.Log() != nil)
				if tries.Add(1) == 1 {
					<-ctx.Done()
					return "", ctx.Err()
				}
				return "done", nil
			}, restate.WithName("slow"))
		}),
	})
	out := a.call(order{})
	require.Equal(t, http.StatusOK, out.status, out.body)
	require.True(t, deadline.Load())
	require.Equal(t, []pipeline.Outcome{pipeline.Retryable, pipeline.Completed}, a.outcomes(out.id))
	require.ErrorContains(t, a.watch.of(t, out.id)[0].Err, `step "slow" took longer than 20ms`)
}

func TestTimeoutCountsForEachExecutionByItself(t *testing.T) {
	t.Parallel()
	f, inv := newFake(), new(pipeline.Invocation)
	var deadlines []time.Time
	_, err := compile(t, steps(steptimeout.New(time.Hour)), func(restate.Context, any) (any, error) {
		for range 2 {
			for now := time.Now(); time.Now().Equal(now); { // the clock may be coarse
			}
			_, err := inv.WrapStep(func(ctx restate.RunContext) (any, error) {
				deadline, _ := ctx.Deadline()
				deadlines = append(deadlines, deadline)
				return nil, nil
			}, nil)(f)
			if err != nil {
				return nil, err
			}
		}
		return nil, nil
	}).Run(restate.WithMockContext(f), inv)
	require.NoError(t, err)
	require.Len(t, deadlines, 2)
	require.True(t, deadlines[1].After(deadlines[0]))
}

func TestLimitBoundsClosuresOfOneName(t *testing.T) {
	t.Parallel()
	require.EqualError(t, pipeline.Check(concurrency.Limit(map[string]int{"charge": 0, "ship": -1})),
		`limits step "charge" to 0; the least is 1`+"\n"+`limits step "ship" to -1; the least is 1`)

	limit := concurrency.Limit(map[string]int{"charge": 2})
	require.NoError(t, pipeline.Check(limit))
	var now, most, others atomic.Int32
	release := make(chan struct{})
	a := serve(t, spec{
		configure: steps(limit),
		method: method(func(ctx restate.Context, in order) (string, error) {
			return restate.Run(ctx, func(restate.RunContext) (string, error) {
				if in.Item == "other" {
					others.Add(1)
				} else {
					n := now.Add(1)
					defer now.Add(-1)
					for most.Load() < n {
						most.Store(n)
					}
				}
				<-release
				return "done", nil
			}, restate.WithName(in.Item))
		}),
	})
	var ids []string
	for range 6 {
		ids = append(ids, a.send(order{Item: "charge"}), a.send(order{Item: "other"}))
	}
	testkit.Until(t, func() bool { return others.Load() == 6 && now.Load() == 2 },
		"other names are not bounded")
	close(release)
	for _, id := range ids {
		require.Equal(t, http.StatusOK, a.output(id).status)
	}
	require.EqualValues(t, 2, most.Load())
}

func TestALimitedClosureStopsWaitingWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	limit := concurrency.Limit(map[string]int{"": 1})
	ctx, cancel := context.WithCancel(context.Background())
	inv := new(pipeline.Invocation)
	f := newFake()
	_, err := compile(t, steps(limit), func(restate.Context, any) (any, error) {
		_, err := inv.WrapStep(func(restate.RunContext) (any, error) {
			cancel()
			return inv.WrapStep(func(restate.RunContext) (any, error) { return nil, errors.New("ran") }, nil)(runContext{f, ctx})
		}, nil)(runContext{f, context.Background()})
		return nil, err
	}).Run(restate.WithMockContext(f), inv)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "waited for its turn")
}

type runContext struct {
	*fake
	ctx context.Context
}

func (c runContext) Done() <-chan struct{} { return c.ctx.Done() }
func (c runContext) Err() error            { return c.ctx.Err() }

func compile(t testing.TB, configure func(*pipeline.Config), call func(restate.Context, any) (any, error)) *pipeline.Chain {
	t.Helper()
	cfg := pipeline.Config{Target: handler.Target{Service: "shop", Handler: "Buy"}, Method: pipeline.MethodFunc(call)}
	if configure != nil {
		configure(&cfg)
	}
	chain, err := pipeline.Compile(cfg)
	require.NoError(t, err)
	return chain
}

func TestAFaultInjectorFailsAsOftenAsItIsTold(t *testing.T) {
	t.Parallel()
	sides := map[string]bool{}
	run := func(r *fault.Injector) (failures []int) {
		for i := range 1000 {
			_, err := r.Intercept(nil, pipeline.NewInvocation(pipeline.Details{}), func(restate.Context, *pipeline.Invocation) (any, error) {
				return nil, nil
			})
			if err != nil {
				require.ErrorIs(t, err, fault.ErrInjected)
				sides["before"] = sides["before"] || strings.Contains(err.Error(), "before")
				sides["after"] = sides["after"] || strings.Contains(err.Error(), "after")
				failures = append(failures, i)
			}
		}
		return failures
	}
	require.Empty(t, run(&fault.Injector{}), "off unless configured")
	require.Len(t, run(&fault.Injector{Rate: 1}), 1000)
	require.True(t, sides["before"] && sides["after"], "on both sides of the handler")
	some := run(&fault.Injector{Rate: 0.2, Seed: 7})
	require.InDelta(t, 200, len(some), 60)
	require.Equal(t, some, run(&fault.Injector{Rate: 0.2, Seed: 7}), "the seed decides")
	require.False(t, slices.Equal(some, run(&fault.Injector{Rate: 0.2, Seed: 8})))
}

func TestAHandlerSurvivesInjectedFaults(t *testing.T) {
	inModes(t, func(t *testing.T, always bool) {
		fail := &fault.Injector{Rate: 0.3, Seed: 3}
		a := serve(t, spec{
			always: always,
			configure: func(cfg *pipeline.Config) {
				cfg.Global.Interceptors = []pipeline.Interceptor{fail}
				cfg.Global.StepInterceptors = []pipeline.StepInterceptor{fail}
			},
			method: method(func(ctx restate.Context, _ order) (string, error) {
				if _, err := restate.Run(ctx, func(restate.RunContext) (int, error) { return 1, nil }); err != nil {
					return "", err
				}
				return sleeper(ctx, order{})
			}),
		})
		failed := false
		for range 8 {
			out := a.call(order{})
			require.Equal(t, http.StatusOK, out.status, out.body)
			failed = failed || slices.Contains(a.outcomes(out.id), pipeline.Retryable)
		}
		require.True(t, failed)
	})
}
