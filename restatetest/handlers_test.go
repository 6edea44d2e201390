package restatetest_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

// Counter has a sum in its state, and a number of calls in memory.
type Counter struct{ calls atomic.Int64 }

var sum = durable.NewStateKey[int]("sum")

// Counted is a sum and how many calls the struct has seen.
type Counted struct {
	Sum   int
	Calls int64
}

func (c *Counter) Add(ctx restate.ObjectContext, n int) (Counted, error) {
	now, err := sum.Get(ctx)
	if err != nil {
		return Counted{}, err
	}
	return Counted{now + n, c.calls.Add(1)}, sum.Set(ctx, now+n)
}

// AddLate adds after a time.
func (c *Counter) AddLate(ctx restate.ObjectContext, d time.Duration) (Counted, error) {
	if err := restate.Sleep(ctx, d); err != nil {
		return Counted{}, err
	}
	return c.Add(ctx, 1)
}

func newCounter() *Counter { return &Counter{} }

// counters is an application with an object.
func counters() fx.Option {
	return fx.Options(fxrestate.Module, fxrestate.Object[*Counter](newCounter, fxrestate.Name("counter")))
}

func counter(env *restatetest.Env, key string) ingress.Keyed[*Counter] {
	return ingress.NewObject[*Counter](env.Ingress()).Key(key)
}

func add(t testing.TB, env *restatetest.Env, key string, n int) Counted {
	t.Helper()
	now, err := ingress.Call(t.Context(), counter(env, key), (*Counter).Add, n)
	require.NoError(t, err)
	return now
}

// Steps has handlers that wait, fail and go on.
type Steps struct {
	clock  Clock
	broken *atomic.Bool
}

// Clock is what a test replaces.
type Clock interface{ Now() string }

type wallClock struct{}

func (wallClock) Now() string { return "now" }

// Tell returns what the clock says, in a step.
func (s *Steps) Tell(ctx restate.Context) (string, error) {
	return restate.Run(ctx, func(restate.RunContext) (string, error) { return s.clock.Now(), nil }, restate.WithName("look"))
}

var errBroken = errors.New("it is broken")

// Try fails while it is broken.
func (s *Steps) Try(restate.Context) (string, error) {
	if s.broken.Load() {
		return "", errBroken
	}
	return "fine", nil
}

// Wait waits for a day, after a step.
func (s *Steps) Wait(ctx restate.Context) error {
	if _, err := s.Tell(ctx); err != nil {
		return err
	}
	return restate.Sleep(ctx, 24*time.Hour)
}

// Attempts runs two steps and returns how many attempts it took.
func (s *Steps) Attempts(ctx restate.Context, made int64) (int64, error) {
	attempts.Add(1)
	for range made {
		if err := restate.RunVoid(ctx, func(restate.RunContext) error { return nil }); err != nil {
			return 0, err
		}
	}
	return attempts.Load(), nil
}

// attempts of Attempts in the whole test binary, which has one test of it.
var attempts atomic.Int64

// steps is an application with a service.
func steps(broken *atomic.Bool) fx.Option {
	if broken == nil {
		broken = new(atomic.Bool)
	}
	return fx.Options(
		fxrestate.Module,
		fx.Provide(func() Clock { return wallClock{} }),
		fxrestate.Service[*Steps](func(c Clock) *Steps { return &Steps{c, broken} }),
	)
}

// Signup is a workflow that waits for a promise.
type Signup struct{}

func (*Signup) Run(ctx restate.WorkflowContext, name string) (string, error) {
	restate.Set(ctx, "name", name)
	return restate.Promise[string](ctx, "confirmed").Result()
}

func (*Signup) Confirm(ctx restate.WorkflowSharedContext, by string) error {
	return restate.Promise[string](ctx, "confirmed").Resolve(by)
}

func signups() fx.Option {
	return fx.Options(fxrestate.Module, fxrestate.Workflow[*Signup](func() *Signup { return &Signup{} }))
}
