package pipeline_test

import (
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
