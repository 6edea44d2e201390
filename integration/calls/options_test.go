package calls_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/rpc"
)

// OptionsCallee counts how often it runs for an input, and tells its header.
type OptionsCallee struct {
	mu   sync.Mutex
	runs map[string]int
}

func (c *OptionsCallee) Take(ctx restate.Context, in string) (string, error) {
	return restate.Run(ctx, func(restate.RunContext) (string, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.runs[in]++
		return in + " " + ctx.Request().Headers.Get("x-own"), nil
	})
}

func (c *OptionsCallee) count(in string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.runs[in]
}

// OptionsObject is a callee with a key.
type OptionsObject struct{}

func (OptionsObject) Take(_ restate.ObjectContext, in string) (string, error) { return in, nil }

// OptionsCaller calls with options.
type OptionsCaller struct {
	to    rpc.Service[*OptionsCallee]
	keyed rpc.Object[OptionsObject]
}

func (c *OptionsCaller) Delayed(ctx restate.Context, d time.Duration) (string, error) {
	sent, err := rpc.Send(ctx, c.to, (*OptionsCallee).Take, "delayed", restate.WithDelay(d))
	if err != nil {
		return "", err
	}
	return sent.ID(ctx)
}

// Once makes each verb twice with one key. Each result comes with the id.
func (c *OptionsCaller) Once(ctx restate.Context, in string) (out [][2]string, _ error) {
	for range 2 {
		sent, err := rpc.Send(ctx, c.to, (*OptionsCallee).Take, in, restate.WithIdempotencyKey(in+"s"))
		if err != nil {
			return nil, err
		}
		f, err := rpc.Start(ctx, c.to, (*OptionsCallee).Take, in+" future", restate.WithIdempotencyKey(in+"f"))
		if err != nil {
			return nil, err
		}
		if _, err := rpc.Call(ctx, c.to, (*OptionsCallee).Take, in+" call", restate.WithIdempotencyKey(in+"c")); err != nil {
			return nil, err
		}
		if _, err := sent.Attach(ctx); err != nil {
			return nil, err
		}
		if _, err := f.Await(ctx); err != nil {
			return nil, err
		}
		sentID, err := sent.ID(ctx)
		if err != nil {
			return nil, err
		}
		callID, err := f.ID(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, [2]string{sentID, callID})
	}
	return out, nil
}

func (c *OptionsCaller) Headers(ctx restate.Context) (out []string, _ error) {
	headers := restate.WithHeaders(map[string]string{"x-own": "own"})
	called, err := rpc.Call(ctx, c.to, (*OptionsCallee).Take, "call", headers)
	if err != nil {
		return nil, err
	}
	f, err := rpc.Start(ctx, c.to, (*OptionsCallee).Take, "future", headers)
	if err != nil {
		return nil, err
	}
	sent, err := rpc.Send(ctx, c.to, (*OptionsCallee).Take, "send", headers)
	if err != nil {
		return nil, err
	}
	future, err := f.Await(ctx)
	if err != nil {
		return nil, err
	}
	attached, err := sent.Attach(ctx)
	return []string{called, future, attached}, err
}

// Scoped calls in a way that the server has to be configured for.
func (c *OptionsCaller) Scoped(ctx restate.Context, how string) (err error) {
	scope, limit := restate.WithScope("s"), restate.WithLimitKey("l")
	switch how {
	case "service, call":
		_, err = rpc.Call(ctx, c.to.With(scope), (*OptionsCallee).Take, how)
	case "service, send":
		_, err = rpc.Send(ctx, c.to.With(scope), (*OptionsCallee).Take, how)
	case "object, call":
		_, err = rpc.Call(ctx, c.keyed.Key("k").With(scope), OptionsObject.Take, how)
	case "object, send":
		_, err = rpc.Send(ctx, c.keyed.Key("k").With(scope), OptionsObject.Take, how)
	case "limit key, call":
		_, err = rpc.Call(ctx, c.to, (*OptionsCallee).Take, how, limit)
	case "limit key, future":
		_, err = rpc.Start(ctx, c.to, (*OptionsCallee).Take, how, limit)
	case "limit key, send":
		_, err = rpc.Send(ctx, c.to, (*OptionsCallee).Take, how, limit)
	}
	return err
}

// startOptions runs a caller whose failures come out at once.
func startOptions(t *testing.T, interceptors ...any) (callee *OptionsCallee, caller string) {
	callee, caller = &OptionsCallee{runs: map[string]int{}}, testkit.Unique("options-caller")
	testkit.Start(t,
		fxrestate.Service[*OptionsCallee](testkit.Made(callee), fxrestate.Name(testkit.Unique("options-callee"))),
		fxrestate.Object[OptionsObject](testkit.Made(OptionsObject{}), fxrestate.Name(testkit.Unique("options-object"))),
		fxrestate.Service[*OptionsCaller](func(to rpc.Service[*OptionsCallee], keyed rpc.Object[OptionsObject]) *OptionsCaller {
			return &OptionsCaller{to, keyed}
		}, fxrestate.Name(caller), fxrestate.CallInterceptors(interceptors...),
			restate.WithInvocationRetryPolicy(restate.WithMaxRetryAttempts(1), restate.KillOnMaxAttempts())))
	return callee, caller
}

// withAndWithoutInterceptors runs a test for both ways that calls go.
func withAndWithoutInterceptors(t *testing.T, test func(t *testing.T, callee *OptionsCallee, caller string)) {
	t.Helper()
	t.Parallel()
	for name, interceptors := range map[string][]any{
		"without an interceptor": nil,
		"with an interceptor": {func(ctx restate.Context, c *pipeline.Call, next pipeline.CallNext) error {
			return next(ctx, c)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			callee, caller := startOptions(t, interceptors...)
			test(t, callee, caller)
		})
	}
}

func TestSendIsDelayed(t *testing.T) {
	withAndWithoutInterceptors(t, func(t *testing.T, callee *OptionsCallee, caller string) {
		before := time.Now()
		id := testkit.Decode[string](t, testkit.Post(t, testkit.Path(caller, "Delayed"), time.Hour))
		require.Equal(t, "scheduled", testkit.Look(t, id).Status)
		require.WithinDuration(t, before.Add(time.Hour), *testkit.Scheduled(t, id), testkit.Within)
		require.NoError(t, testkit.Admin().CancelInvocation(t.Context(), id))
		testkit.Eventually(t, func() error {
			if left := testkit.Query[testkit.Invocation](t, "SELECT * FROM sys_invocation WHERE id = ?", id); len(left) > 0 {
				return fmt.Errorf("%s is %s", left[0].Target, left[0].Status)
			}
			return nil
		})
		require.Zero(t, callee.count("delayed"))
	})
}

func TestDelayedSendOutlivesTheApplication(t *testing.T) {
	t.Parallel()
	callee, caller, delay := testkit.Unique("options-callee"), testkit.Unique("options-caller"), 10*time.Second
	run := func() (*testkit.App, *OptionsCallee) {
		c := &OptionsCallee{runs: map[string]int{}}
		return testkit.Start(t,
			fxrestate.Service[*OptionsCallee](testkit.Made(c), fxrestate.Name(callee)),
			fxrestate.Service[*OptionsCaller](func(to rpc.Service[*OptionsCallee]) *OptionsCaller {
				return &OptionsCaller{to: to}
			}, fxrestate.Name(caller))), c
	}
	first, before := run()
	sent := time.Now()
	id := testkit.Decode[string](t, testkit.Post(t, testkit.Path(caller, "Delayed"), delay))
	first.RequireStop()
	require.Equal(t, "scheduled", testkit.Look(t, id).Status)

	_, after := run()
	require.Equal(t, "delayed ", testkit.Decode[string](t, testkit.Attach(t, id)))
	require.GreaterOrEqual(t, time.Since(sent), delay)
	require.Zero(t, before.count("delayed"))
	require.Equal(t, 1, after.count("delayed"))
}

func TestCallsWithAnIdempotencyKeyAreOneExecution(t *testing.T) {
	withAndWithoutInterceptors(t, func(t *testing.T, callee *OptionsCallee, caller string) {
		in := testkit.Unique("once")
		ids := testkit.Decode[[][2]string](t, testkit.Post(t, testkit.Path(caller, "Once"), in))
		require.Equal(t, ids[0], ids[1])
		for _, in := range []string{in, in + " future", in + " call"} {
			t.Run(in, func(t *testing.T) {
				require.Equal(t, 1, callee.count(in), in)
			})
		}
	})
}

func TestCallsCarryHeaders(t *testing.T) {
	withAndWithoutInterceptors(t, func(t *testing.T, _ *OptionsCallee, caller string) {
		require.Equal(t, []string{"call own", "future own", "send own"}, testkit.Decode[[]string](t, testkit.Post(t, testkit.Path(caller, "Headers"), nil)))
	})
}

// The protocol that the SDK speaks has no scopes and limit keys yet, which the
// refusal shows to have arrived at the SDK.
func TestCallsCarryScopesAndLimitKeys(t *testing.T) {
	withAndWithoutInterceptors(t, func(t *testing.T, _ *OptionsCallee, caller string) {
		for how, feature := range map[string]string{
			"service, call": "scope", "service, send": "scope", "object, call": "scope", "object, send": "scope",
			"limit key, call": "limit key", "limit key, future": "limit key", "limit key, send": "limit key",
		} {
			t.Run(how, func(t *testing.T) {
				require.Contains(t, testkit.Failed(t, testkit.Post(t, testkit.Path(caller, "Scoped"), how)).Message, "Feature '"+feature+"' is not supported", how)
			})
		}
	})
}
