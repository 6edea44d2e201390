package durable_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fxrestate/go/internal/testkit"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/rpc"
)

// Crowd uses its context from more than one goroutine.
type Crowd struct {
	callee     rpc.Service[*StrayCallee]
	calleeName string
	runs       atomic.Int64
}

// crowded is what became of the operations of another goroutine.
type crowded struct {
	Reached   []string // those that were not refused
	Otherwise []string // those that were refused in another way than they should
	Result    int      // of the handler's own operation
}

func (c *crowded) note(u use, got tried, want ...error) {
	for _, kind := range want {
		if !errors.Is(got.err, kind) {
			c.Reached = append(c.Reached, fmt.Sprint(u.name, ": ", got.err))
			return
		}
	}
	// A function of the SDK's would go on, or end the invocation, by an error.
	if got.panicked != (u.how != returns) || restate.IsTerminalError(got.err) {
		c.Otherwise = append(c.Otherwise, fmt.Sprint(u.name, ": ", got))
	}
}

// Run waits for a step, beside which another goroutine tries all operations.
func (c *Crowd) Run(ctx restate.WorkflowContext) (out crowded, err error) {
	h, err := hold(ctx, c.callee, c.calleeName)
	if err != nil {
		return out, err
	}
	begun, over := make(chan struct{}), make(chan struct{})
	own := restate.RunAsync(ctx, func(restate.RunContext) (crowded, error) {
		close(begun)
		<-over
		out.Result = 42
		return out, nil
	})
	go func() {
		defer close(over)
		select {
		case <-begun:
		case <-ctx.Done(): // the step is replayed
			return
		}
		for _, u := range misuses() {
			if got := u.try(h); got.err != nil || !strings.Contains(u.name, "FromContext") {
				out.note(u, got, durable.ErrConcurrentUse)
			}
		}
	}()
	return terminated(own.Result())
}

// Inside uses the handler's context in the closure of a step.
func (c *Crowd) Inside(ctx restate.WorkflowSharedContext) (out crowded, err error) {
	h, err := hold(ctx.(restate.WorkflowContext), c.callee, c.calleeName)
	if err != nil {
		return out, err
	}
	return terminated(restate.Run(ctx, func(restate.RunContext) (crowded, error) {
		for _, u := range misuses() {
			out.note(u, u.try(h), durable.ErrInsideRun)
		}
		out.Result = 42
		return out, nil
	}))
}

// Beyond uses the handler's context in the closures of steps that run beside the
// handler: while the handler waits for one, and while it does something else.
func (c *Crowd) Beyond(ctx restate.WorkflowSharedContext) (out crowded, err error) {
	h, err := hold(ctx.(restate.WorkflowContext), c.callee, c.calleeName)
	if err != nil {
		return out, err
	}
	tries := func(until <-chan struct{}) func(restate.RunContext) (crowded, error) {
		return func(restate.RunContext) (got crowded, err error) {
			<-until
			for _, u := range misuses() {
				got.note(u, u.try(h), durable.ErrInsideRun)
			}
			return got, nil
		}
	}
	now, later, tried := make(chan struct{}), make(chan struct{}), make(chan struct{})
	close(now)
	if testkit.AlwaysReplay() { // each wait suspends, which waits for the steps
		close(later)
	}
	first, second := restate.RunAsync(ctx, tries(now)), restate.RunAsync(ctx, func(rc restate.RunContext) (crowded, error) {
		defer close(tried)
		return tries(later)(rc)
	})
	if _, err := restate.WaitFirst(ctx, first, second); err != nil { // both run
		return out, err
	}
	if !testkit.AlwaysReplay() {
		close(later)
		<-tried // while no operation is under way
	}
	for _, f := range []restate.RunAsyncFuture[crowded]{first, second} {
		got, err := f.Result()
		if err != nil {
			return out, err
		}
		out.Reached, out.Otherwise = append(out.Reached, got.Reached...), append(out.Otherwise, got.Otherwise...)
	}
	out.Result = 42
	return out, nil
}

func TestHandlersCtxIsRefusedInsideOfAStepBesideTheHandler(t *testing.T) {
	t.Parallel()
	_, _, name := startCrowd(t)
	require.Equal(t, crowded{Result: 42}, testkit.Decode[crowded](t, testkit.Post(t, testkit.Path(name, "k", "Beyond"), nil)))
}

// terminated keeps a nil of the SDK's type a nil.
func terminated[T any](value T, err restate.TerminalError) (T, error) { return value, terminal(0, err) }

func startCrowd(t *testing.T) (a *testkit.App, c *Crowd, name string) {
	callee, name := testkit.Unique("stray-callee"), testkit.Unique("crowd")
	c = &Crowd{calleeName: callee}
	a = testkit.Start(t,
		fxrestate.Workflow[*Crowd](func(to rpc.Service[*StrayCallee]) *Crowd {
			c.callee = to
			return c
		}, fxrestate.Name(name), testkit.RetrySoon()),
		fxrestate.Service[*StrayCallee](testkit.Made(&StrayCallee{}), fxrestate.Name(callee)),
	)
	return a, c, name
}

func TestSecondGoroutineIsRefusedWhileTheHandlerWaits(t *testing.T) {
	t.Parallel()
	a, _, name := startCrowd(t)
	for i := range 10 {
		require.Equal(t, crowded{Result: 42}, testkit.Decode[crowded](t, testkit.Post(t, testkit.Path(name, fmt.Sprint("k", i), "Run"), nil)))
	}
	lines := a.Lines("the ctx of a handler was misused")
	require.Len(t, lines, 10, "one of each attempt")
	require.Contains(t, lines[0].ContextMap()["err"], "while Result of a future of "+name+"/Run (inv_")
}

func TestHandlersCtxIsRefusedInsideOfAStep(t *testing.T) {
	t.Parallel()
	_, _, name := startCrowd(t)
	require.Equal(t, crowded{Result: 42}, testkit.Decode[crowded](t, testkit.Post(t, testkit.Path(name, "k", "Inside"), nil)))
}

// Meet has two goroutines make timers until both are in the same operation.
func (c *Crowd) Meet(ctx restate.WorkflowSharedContext) error {
	ended, begin := make(chan error, 2), make(chan struct{})
	for range 2 {
		go func() {
			defer func() {
				err, _ := recover().(error)
				ended <- err
			}()
			<-begin
			for n := 0; n < 300 && len(ended) == 0; n++ {
				restate.After(ctx, never)
			}
		}()
	}
	close(begin)
	return restate.ToTerminalError(errors.Join(errors.New("over"), <-ended, <-ended))
}

func TestTwoGoroutinesThatMeetInAnOperationAreRefused(t *testing.T) {
	t.Parallel()
	_, _, name := startCrowd(t)
	met := 0
	testkit.Eventually(t, func() error { // they have to meet
		if got := testkit.Failed(t, testkit.Post(t, testkit.Path(name, testkit.Unique("k"), "Meet"), nil)).Message; got != "over" {
			require.Contains(t, got, "two goroutines used the ctx of a handler at once")
			met++
			return nil
		}
		return errors.New("they did not meet")
	})
	require.Equal(t, 1, met)
}

// Beside does in steps what steps may do, at the same time as the handler.
func (c *Crowd) Beside(ctx restate.WorkflowSharedContext) (int, error) {
	const steps = 20
	sum := 0
	var all []restate.Future
	for i := range steps {
		all = append(all, restate.RunAsync(ctx, func(rc restate.RunContext) (int, error) {
			c.runs.Add(1)
			rc.Log().Info("beside", "id", rc.Request().ID, "key", restate.Key(ctx))
			ctx.Log().Info("beside", "id", ctx.Request().ID, "replaying", ctx.Err())
			return i, nil
		}))
	}
	for f, err := range restate.Wait(ctx, all...) {
		if err != nil {
			return 0, err
		}
		i, err := f.(restate.RunAsyncFuture[int]).Result()
		if err != nil {
			return 0, err
		}
		// An operation inside of the loop of another one.
		again, err := restate.Run(ctx, func(restate.RunContext) (int, error) { return i, nil })
		if err != nil {
			return 0, err
		}
		sum += again
	}
	return sum, nil
}

func TestStepsBesideTheHandlerAreNoMisuse(t *testing.T) {
	t.Parallel()
	a, c, name := startCrowd(t)
	testkit.Each(t, 10, func(i int) error {
		got, err := testkit.TryPost(t, testkit.Path(name, fmt.Sprint("k", i), "Beside"), nil)
		if err == nil && string(got.Body) != "190" {
			err = fmt.Errorf("%s", got.Body)
		}
		return err
	})
	require.EqualValues(t, 200, c.runs.Load())
	require.Empty(t, a.Lines("the ctx of a handler was misused"))
}

// Panic goes on with its context after its own panics.
func (c *Crowd) Panic(ctx restate.WorkflowSharedContext) (int, error) {
	func() {
		defer func() { _ = recover() }()
		restate.Set(ctx.(restate.WorkflowContext), "n", 1) // a shared handler must not
	}()
	func() {
		defer func() { _ = recover() }()
		restate.ResolveAwakeable(ctx, "prom_1", unencodable{})
	}()
	return terminated(restate.Run(ctx, step))
}

// unencodable panics where the SDK encodes it.
type unencodable struct{}

func (unencodable) MarshalJSON() ([]byte, error) { panic("unencodable") }

func TestPanicsOfAnOperationLeaveTheCtxUsable(t *testing.T) {
	t.Parallel()
	_, _, name := startCrowd(t)
	require.Equal(t, 1, testkit.Decode[int](t, testkit.Post(t, testkit.Path(name, "k", "Panic"), nil)))
}
