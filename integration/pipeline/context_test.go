package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
)

// PipeClock has handlers that bound what they do.
type PipeClock struct{ tries atomic.Int32 }

// bounded is the handler's context with a deadline of the user's.
func (*PipeClock) bounded(ctx restate.Context, d time.Duration) (restate.Context, context.CancelFunc) {
	within, cancel := context.WithTimeout(ctx, d)
	below, err := durable.FromContext(within)
	if err != nil {
		panic(err)
	}
	return below, cancel
}

// Late has a closure that says what its deadline means.
func (c *PipeClock) Late(ctx restate.Context) (string, error) {
	below, cancel := c.bounded(ctx, 20*time.Millisecond)
	defer cancel()
	return restate.Run(below, func(ctx restate.RunContext) (string, error) {
		c.tries.Add(1)
		<-ctx.Done()
		return "", restate.ToTerminalError(ctx.Err(), restate.WithErrorCode(http.StatusGatewayTimeout))
	})
}

// Mapped has a closure whose deadline the error mapping knows.
func (c *PipeClock) Mapped(ctx restate.Context) (string, error) {
	below, cancel := c.bounded(ctx, 20*time.Millisecond)
	defer cancel()
	return restate.Run(below, func(ctx restate.RunContext) (string, error) {
		c.tries.Add(1)
		<-ctx.Done()
		return "", ctx.Err()
	})
}

// Again has a closure that is in time in the second attempt.
func (c *PipeClock) Again(ctx restate.Context) (string, error) {
	below, cancel := c.bounded(ctx, 20*time.Millisecond)
	defer cancel()
	return restate.Run(below, func(ctx restate.RunContext) (string, error) {
		if c.tries.Add(1) > 1 {
			return "in time", nil
		}
		<-ctx.Done()
		return "", ctx.Err()
	})
}

func TestADeadlineOfTheUsersIsNoEndOfTheAttempt(t *testing.T) {
	t.Parallel()
	mapping := fxrestate.AsTerminalError(func(err error) restate.TerminalError {
		if errors.Is(err, context.DeadlineExceeded) {
			return restate.ToTerminalError(err, restate.WithErrorCode(http.StatusRequestTimeout))
		}
		return nil
	})
	for handler, want := range map[string]struct {
		status   int
		tries    int32
		outcomes []string
	}{
		"Late":   {http.StatusGatewayTimeout, 1, []string{"terminal"}},
		"Mapped": {http.StatusRequestTimeout, 1, []string{"terminal"}},
		"Again":  {http.StatusOK, 2, []string{"retryable", "completed"}},
	} {
		t.Run(handler, func(t *testing.T) {
			t.Parallel()
			clock, outcomes, name := &PipeClock{}, &pipeOutcomes{PipeTrail: NewPipeTrail()}, testkit.Unique("pipe-clock")
			testkit.Start(t, fxrestate.Service[*PipeClock](testkit.Made(clock), fxrestate.Name(name), testkit.RetrySoon(), fxrestate.Observers(outcomes),
				fxrestate.Handler((*PipeClock).Mapped, mapping)))
			require.Equal(t, want.status, testkit.Post(t, testkit.Path(name, handler), nil).Status)
			require.Equal(t, want.tries, clock.tries.Load())
			require.Equal(t, want.outcomes, slices.DeleteFunc(outcomes.endings(t), func(e string) bool { return e == "suspended" }))
		})
	}
}

// Yield ends with its attempt the first time, as if it were done.
func (c *PipeCourse) Yield(ctx restate.Context) (string, error) {
	if c.tries.Add(1) > 1 {
		return "whole", nil
	}
	c.begun <- struct{}{}
	<-ctx.Done()
	return "half", nil
}

func TestAResultOfAnAbortedAttemptIsNotTheInvocations(t *testing.T) {
	t.Parallel()
	c, outcomes, heard := newPipeCourse(), &pipeOutcomes{PipeTrail: NewPipeTrail()}, make(chan error, 10)
	name, cfg := testkit.Unique("pipe-yield"), testkit.Config()
	cfg.Endpoint.DrainTimeout = 100 * time.Millisecond
	a := testkit.Build(t, fxrestate.Service[*PipeCourse](testkit.Made(c), fxrestate.Name(name), fxrestate.Observers(outcomes),
		fxrestate.Interceptors(func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
			_, err := next(ctx, inv)
			heard <- err
			return "a fallback", nil
		})), fx.Supply(cfg))
	a.RequireStart()
	id := testkit.Submit(t, testkit.Path(name, "Yield"), nil)
	testkit.Receive(t, c.begun, "the attempt")
	a.RequireStop() // cuts the attempt, and leaves its stream open for what it has to say
	require.ErrorIs(t, testkit.Receive(t, heard, "the interceptor"), pipeline.ErrAborted)
	require.Equal(t, []string{"aborted"}, outcomes.all())
	testkit.AwaitStatus(t, id, "backing-off")
	require.NoError(t, testkit.Admin().KillInvocation(t.Context(), id))
}

// PipeRelapse fails when all its steps are journaled, and then panics between them.
type PipeRelapse struct{ failed, panicked atomic.Bool }

func (r *PipeRelapse) Do(ctx restate.Context) (string, error) {
	if err := restate.RunVoid(ctx, func(restate.RunContext) error { return nil }, restate.WithName("first")); err != nil {
		return "", err
	}
	if r.failed.Load() && !r.panicked.Swap(true) {
		panic("while it replays")
	}
	if err := restate.RunVoid(ctx, func(restate.RunContext) error { return nil }, restate.WithName("second")); err != nil {
		return "", err
	}
	if !r.failed.Swap(true) {
		return "", errors.New("once")
	}
	return "well", nil
}

// pipeClumsy is an observer that panics at each end.
type pipeClumsy struct{ pipeline.ObserverBase }

func (pipeClumsy) Started(context.Context, *pipeline.Invocation) context.Context { panic("dropped it") }

func TestPanicsAreLoggedWhileAnInvocationReplays(t *testing.T) {
	t.Parallel()
	r, outcomes, name := &PipeRelapse{}, &pipeOutcomes{PipeTrail: NewPipeTrail()}, testkit.Unique("pipe-relapse")
	a := testkit.Start(t, fxrestate.Service[*PipeRelapse](testkit.Made(r), fxrestate.Name(name), testkit.RetrySoon(),
		fxrestate.Observers(outcomes, pipeClumsy{}),
		fxrestate.Interceptors(func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
			ctx.Log().Info("of this attempt", "failed", r.failed.Load()) // which must not show it replays
			return next(ctx, inv)
		})))
	require.Equal(t, "well", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "Do"), nil)))
	lines := a.Lines("handler panicked")
	require.Len(t, lines, 1)
	require.Equal(t, "panic: while it replays", lines[0].ContextMap()["err"])
	require.Contains(t, lines[0].ContextMap()["stack"], "(*PipeRelapse).Do")
	for _, line := range a.Lines("of this attempt") {
		require.Equal(t, false, line.ContextMap()["failed"], "the later attempts begin with a replay")
	}
	outcomes.endings(t)
	started := outcomes.started.Load()
	require.GreaterOrEqual(t, started, int32(3))
	require.Len(t, a.Lines("pipeline: observer panicked"), int(started), "one for each attempt")
}

// PipeStale asks for a delay that nobody waits for in the end.
type PipeStale struct{ tries atomic.Int32 }

func (s *PipeStale) Do(ctx restate.Context, how string) (string, error) {
	err := restate.RunVoid(ctx, func(restate.RunContext) error {
		return pipeline.RetryAfter(errors.New("busy for an hour"), time.Hour)
	}, restate.WithMaxRetryAttempts(1))
	if !restate.IsTerminalError(err) {
		return "", fmt.Errorf("the step's own policy is at its end, and it returns %v", err)
	}
	switch how {
	case "plainly":
		if s.tries.Add(1) == 1 {
			return "", errors.New("something else")
		}
	case "in a step":
		err = restate.RunVoid(ctx, func(restate.RunContext) error {
			if s.tries.Add(1) == 1 {
				return errors.New("another step")
			}
			return nil
		})
		if err != nil {
			return "", err
		}
	case "in the SDK":
		if s.tries.Add(1) == 1 {
			restate.ServiceSend(ctx, "nobody", "Nothing").Send(make(chan int)) // cannot be encoded
		}
	}
	return "without it", nil
}

func TestADelayCountsForTheFailureThatAskedForIt(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"plainly", "in a step", "in the SDK"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			name := testkit.Unique("pipe-stale")
			testkit.Start(t, fxrestate.Service[*PipeStale](testkit.Made(&PipeStale{}), fxrestate.Name(name), testkit.RetrySoon()))
			require.Equal(t, "without it", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "Do"), how)))
		})
	}
}

// pipeNosy is an observer that wants the Restate context.
type pipeNosy struct{ seen chan error }

func (o pipeNosy) look(ctx context.Context) {
	_, err := durable.FromContext(context.WithValue(ctx, pipeKey{}, 1))
	o.seen <- err
}

func (o pipeNosy) Started(ctx context.Context, _ *pipeline.Invocation) context.Context {
	o.look(ctx)
	return context.WithValue(ctx, pipeValue{}, "traced")
}

func (o pipeNosy) Panicked(ctx context.Context, _ *pipeline.Invocation, _ *pipeline.PanicError) {
	o.look(ctx)
}

func (o pipeNosy) Ended(ctx context.Context, _ *pipeline.Invocation, _ pipeline.Ending) { o.look(ctx) }

func TestObserversHaveNoDurableOperations(t *testing.T) {
	t.Parallel()
	nosy, name := pipeNosy{make(chan error, 100)}, testkit.Unique("pipe-nosy")
	testkit.Start(t, fxrestate.Object[PipeTraced](testkit.Made(PipeTraced{}), fxrestate.Name(name), fxrestate.Observers(nosy),
		fxrestate.Filters(pipeline.Catch(func(_ context.Context, _ *pipeline.Invocation, err *pipeline.PanicError) error {
			return restate.ToTerminalError(err, restate.WithErrorCode(418))
		})),
		fxrestate.Handler(PipeTraced.Panic)))
	require.Equal(t, "traced traced", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "k", "Look"), nil)), "the handler has them")
	require.Equal(t, 418, testkit.Post(t, testkit.Path(name, "k", "Panic"), nil).Status)
	for range 5 { // two starts, a panic, two ends at least
		err := testkit.Receive(t, nosy.seen, "an observer")
		require.ErrorIs(t, err, durable.ErrInsideStage)
		require.ErrorContains(t, err, "in an observer")
	}
}

// Panic panics.
func (PipeTraced) Panic(restate.ObjectContext) error { panic("ouch") }
