package pipeline_test

import (
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/pipeline"
)

// caller is a handler that calls another the way a typed client does.
func caller(service string, then func(ctx restate.Context) error) func(restate.Context, order) (string, error) {
	return func(ctx restate.Context, in order) (string, error) {
		var out string
		call := &pipeline.Call{Verb: pipeline.VerbCall, Service: service, Handler: "Do", Input: in, Output: &out}
		err := invocation(ctx).WrapCall(ctx, call, func(ctx restate.Context, call *pipeline.Call) error {
			answer, err := restate.Service[string](ctx, call.Service, call.Handler).
				Request(call.Input, restate.WithHeaders(call.Headers()))
			if err != nil {
				return err
			}
			out = answer
			return nil
		})
		if err == nil && then != nil {
			err = then(ctx)
		}
		return out, err
	}
}

func TestCallInterceptorsAddHeadersAndSeeTheAnswer(t *testing.T) {
	inModes(t, func(t *testing.T, always bool) {
		callee := serve(t, spec{always: always, method: method(func(ctx restate.Context, in order) (string, error) {
			if in.Item == "missing" {
				return "", restate.ToTerminalError(fmt.Errorf("no %s", in.Item), restate.WithErrorCode(404))
			}
			return invocation(ctx).Header("x-tenant"), nil
		})})
		var answered, refused atomic.Int32
		a := serve(t, spec{
			always: always,
			configure: func(cfg *pipeline.Config) {
				cfg.Handler.CallInterceptors = []pipeline.CallInterceptor{pipeline.CallInterceptorFunc(
					func(ctx restate.Context, call *pipeline.Call, next pipeline.CallNext) error {
						call.SetHeader("x-tenant", call.Invocation().Header("x-tenant"))
						err := next(ctx, call)
						if err != nil {
							refused.Add(1)
						} else if *call.Output.(*string) == "acme" {
							answered.Add(1)
						}
						return err
					})}
			},
			method: method(caller(callee.service, nil)),
		})
		out := a.call(order{Item: "book"}, "X-Tenant", "acme")
		require.Equal(t, http.StatusOK, out.status, out.body)
		require.JSONEq(t, `"acme"`, out.body)
		require.EqualValues(t, 1, answered.Load(), "what next returns is the answer, in the attempt that gets it")

		require.Equal(t, http.StatusNotFound, a.call(order{Item: "missing"}).status)
		require.EqualValues(t, 1, refused.Load())
	})
}

// This is why the documentation of SetHeader warns.
func TestHeadersThatDifferBetweenAttemptsBreakTheJournal(t *testing.T) {
	t.Parallel()
	callee := serve(t, spec{method: method(func(restate.Context, order) (string, error) { return "done", nil })})
	var n atomic.Int32
	a := serve(t, spec{
		always: true,
		configure: func(cfg *pipeline.Config) {
			cfg.Handler.CallInterceptors = []pipeline.CallInterceptor{pipeline.CallInterceptorFunc(
				func(ctx restate.Context, call *pipeline.Call, next pipeline.CallNext) error {
					call.SetHeader("x-attempt", fmt.Sprint(n.Add(1)))
					return next(ctx, call)
				})}
		},
		method: method(caller(callee.service, func(ctx restate.Context) error {
			if err := restate.Sleep(ctx, time.Millisecond); err != nil {
				return err
			}
			return nil
		})),
	})
	out := a.call(order{})
	require.NotEqual(t, http.StatusOK, out.status)
	var mismatch bool
	for _, e := range a.watch.of(t, out.id) {
		if e.Outcome == pipeline.Retryable {
			require.ErrorContains(t, e.Err, "570")
			mismatch = true
		}
	}
	require.True(t, mismatch)
}

func TestACallInterceptorKeepsTheRulesOfNext(t *testing.T) {
	t.Parallel()
	sold := errors.New("sold out")
	pass := func(ctx restate.Context, call *pipeline.Call, next pipeline.CallNext) error { return next(ctx, call) }
	twice := func(ctx restate.Context, call *pipeline.Call, next pipeline.CallNext) error {
		if err := next(ctx, call); err != nil {
			return err
		}
		return next(ctx, call)
	}
	twiceByCopy := func(ctx restate.Context, call *pipeline.Call, next pipeline.CallNext) error {
		first := *call
		if err := next(ctx, &first); err != nil {
			return err
		}
		return next(ctx, call)
	}
	nothing := func(restate.Context, *pipeline.Call, pipeline.CallNext) error { return nil }
	drop := func(ctx restate.Context, call *pipeline.Call, next pipeline.CallNext) error {
		_ = next(ctx, call)
		return nil
	}
	type interceptors []pipeline.CallInterceptorFunc
	for name, test := range map[string]struct {
		interceptors interceptors
		verb         pipeline.Verb
		fails        error
		made         int
		want         error
	}{
		"once":                                   {interceptors{pass, pass}, pipeline.VerbSend, nil, 1, nil},
		"twice":                                  {interceptors{twice}, pipeline.VerbSend, nil, 1, pipeline.ErrNextTwice},
		"twice around another":                   {interceptors{twice, pass}, pipeline.VerbCall, nil, 1, pipeline.ErrNextTwice},
		"twice inside of another":                {interceptors{pass, twice}, pipeline.VerbFuture, nil, 1, pipeline.ErrNextTwice},
		"twice by a copy":                        {interceptors{twiceByCopy}, pipeline.VerbSend, nil, 1, pipeline.ErrNextTwice},
		"never, for a send":                      {interceptors{pass, nothing}, pipeline.VerbSend, nil, 0, pipeline.ErrCallNotMade},
		"never, for a future":                    {interceptors{nothing, pass}, pipeline.VerbFuture, nil, 0, pipeline.ErrCallNotMade},
		"never, for a call that it answers":      {interceptors{nothing}, pipeline.VerbCall, nil, 0, nil},
		"once, and drops its error":              {interceptors{drop}, pipeline.VerbSend, sold, 1, pipeline.ErrCallNotMade},
		"once, and drops the error of an answer": {interceptors{drop}, pipeline.VerbCall, sold, 1, nil},
		"once, and returns its error":            {interceptors{pass}, pipeline.VerbSend, sold, 1, sold},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inv, made := new(pipeline.Invocation), 0
			_, err := compile(t, func(cfg *pipeline.Config) {
				for _, i := range test.interceptors {
					cfg.Handler.CallInterceptors = append(cfg.Handler.CallInterceptors, i)
				}
			}, func(ctx restate.Context, _ any) (any, error) {
				err := inv.WrapCall(ctx, &pipeline.Call{Verb: test.verb, Service: "shop", Handler: "Buy"}, func(restate.Context, *pipeline.Call) error {
					made++
					return test.fails
				})
				require.ErrorIs(t, err, test.want)
				require.Equal(t, test.want == nil, err == nil)
				return nil, nil
			}).Run(restate.WithMockContext(newFake()), inv)
			require.NoError(t, err)
			require.Equal(t, test.made, made)
		})
	}
}

func TestACallInterceptorHandsOnItsOwnCall(t *testing.T) {
	t.Parallel()
	for name, other := range map[string]*pipeline.Call{"none": nil, "another one": {Service: "shop"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inv := new(pipeline.Invocation)
			_, err := compile(t, func(cfg *pipeline.Config) {
				cfg.Handler.CallInterceptors = []pipeline.CallInterceptor{pipeline.CallInterceptorFunc(
					func(ctx restate.Context, _ *pipeline.Call, next pipeline.CallNext) error { return next(ctx, other) })}
			}, func(ctx restate.Context, _ any) (any, error) {
				return nil, inv.WrapCall(ctx, &pipeline.Call{}, func(restate.Context, *pipeline.Call) error { return nil })
			}).Run(restate.WithMockContext(newFake()), inv)
			require.ErrorContains(t, err, "hand on the one it was given")
		})
	}
}

func TestWithoutCallInterceptorsACallIsMadeAsItIs(t *testing.T) {
	t.Parallel()
	inv := new(pipeline.Invocation)
	made := false
	_, err := compile(t, nil, func(ctx restate.Context, _ any) (any, error) {
		require.False(t, inv.InterceptsCalls())
		return nil, inv.WrapCall(ctx, &pipeline.Call{}, func(_ restate.Context, call *pipeline.Call) error {
			made = true
			require.Nil(t, call.Headers())
			return nil
		})
	}).Run(restate.WithMockContext(newFake()), inv)
	require.NoError(t, err)
	require.True(t, made)
	require.False(t, pipeline.NewInvocation(pipeline.Details{}).InterceptsCalls())
}
