package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
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

// PipeCourse has a handler for each way in which an attempt goes.
type PipeCourse struct {
	tries   atomic.Int32
	begun   chan struct{}
	release chan struct{}
}

func newPipeCourse() *PipeCourse {
	return &PipeCourse{begun: make(chan struct{}, 100), release: make(chan struct{})}
}

// Nap suspends where the server does not wait with it.
func (*PipeCourse) Nap(ctx restate.Context, d time.Duration) (string, error) {
	if err := restate.RunVoid(ctx, func(restate.RunContext) error { return nil }); err != nil {
		return "", err
	}
	if err := restate.Sleep(ctx, d); err != nil {
		return "", err
	}
	return "rested", nil
}

func (*PipeCourse) Refuse(restate.Context) error { return restate.TerminalErrorf("no") }

// Thrice fails twice.
func (c *PipeCourse) Thrice(ctx restate.Context) (string, error) {
	if _, err := restate.Run(ctx, func(restate.RunContext) (int, error) { return 1, nil }); err != nil {
		return "", err
	}
	if c.tries.Add(1) < 3 {
		return "", errors.New("not yet")
	}
	return "thrice", nil
}

// Hang ends with its attempt the first time.
func (c *PipeCourse) Hang(ctx restate.Context) (string, error) {
	if c.tries.Add(1) > 1 {
		return "back", nil
	}
	c.begun <- struct{}{}
	<-ctx.Done()
	return "", restate.TerminalErrorf("an aborted attempt has no result: %v", ctx.Err())
}

// Vanish ends its goroutine the first time.
func (c *PipeCourse) Vanish(restate.Context) (string, error) {
	if c.tries.Add(1) == 1 {
		runtime.Goexit()
	}
	return "back", nil
}

// Panic panics twice.
func (c *PipeCourse) Panic(restate.Context) (string, error) {
	if n := c.tries.Add(1); n < 3 {
		panic(fmt.Sprint("ouch ", n))
	}
	return "well", nil
}

// LatePanic panics while nothing but old things happened in the attempt.
func (c *PipeCourse) LatePanic(ctx restate.Context) (string, error) {
	if err := restate.Sleep(ctx, 10*time.Millisecond); err != nil {
		return "", err
	}
	return c.Panic(ctx)
}

// StepPanic panics in a step.
func (c *PipeCourse) StepPanic(ctx restate.Context) (string, error) {
	return restate.Run(ctx, func(restate.RunContext) (string, error) { return c.Panic(nil) }, restate.WithName("ouch"))
}

// pipeOutcomes counts attempts and their outcomes.
type pipeOutcomes struct {
	*PipeTrail
	started, ended atomic.Int32
}

func (o *pipeOutcomes) Started(ctx context.Context, _ *pipeline.Invocation) context.Context {
	o.started.Add(1)
	return ctx
}

func (o *pipeOutcomes) Panicked(_ context.Context, _ *pipeline.Invocation, err *pipeline.PanicError) {
	o.add("panicked %v", err.Value)
}

func (o *pipeOutcomes) Ended(_ context.Context, _ *pipeline.Invocation, end pipeline.Ending) {
	o.add("%s", end.Outcome)
	o.ended.Add(1)
}

// endings returns the outcomes once every attempt has one.
func (o *pipeOutcomes) endings(t *testing.T) []string {
	t.Helper()
	testkit.Eventually(t, func() error {
		all := o.all()
		done := slices.Contains(all, "completed") || slices.Contains(all, "terminal")
		if started, ended := o.started.Load(), o.ended.Load(); started != ended || !done {
			return fmt.Errorf("%d attempts started, %d ended: %q", started, ended, all)
		}
		return nil
	})
	return o.all()
}

// startCourse serves a PipeCourse whose outcomes are watched, and whose
// interceptor, filter and guard write down what they see.
func startCourse(t *testing.T, opts ...restate.ServiceDefinitionOption) (*testkit.App, *PipeCourse, *pipeOutcomes, *PipeTrail, string) {
	t.Helper()
	c, outcomes, inner, name := newPipeCourse(), &pipeOutcomes{PipeTrail: NewPipeTrail()}, NewPipeTrail(), testkit.Unique("pipe-course")
	a := testkit.Start(t, fxrestate.Service[*PipeCourse](testkit.Made(c), append(opts, fxrestate.Name(name), testkit.RetrySoon(),
		fxrestate.Observers(outcomes),
		fxrestate.Interceptors(func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
			inner.add("in, replaying %t", inv.Replaying())
			out, err := next(ctx, inv)
			inner.add("out %v %v", out, err)
			return out, err
		}),
		fxrestate.Filters(func(_ context.Context, _ *pipeline.Invocation, err error) error {
			inner.add("filter %v", err)
			return nil
		}))...))
	return a, c, outcomes, inner, name
}

func TestSuspensionReachesObserversAlone(t *testing.T) {
	t.Parallel()
	_, _, outcomes, inner, name := startCourse(t, restate.WithInactivityTimeout(50*time.Millisecond))
	require.Equal(t, "rested", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "Nap"), time.Second)))
	endings := outcomes.endings(t)
	require.GreaterOrEqual(t, len(endings), 2)
	for _, e := range endings[:len(endings)-1] {
		require.Equal(t, "suspended", e)
	}
	require.Equal(t, "completed", endings[len(endings)-1])

	seen := inner.all()
	require.Equal(t, "in, replaying false", seen[0])
	for _, line := range seen[1 : len(seen)-1] {
		require.Equal(t, "in, replaying true", line)
	}
	require.Equal(t, "out rested <nil>", seen[len(seen)-1])
	require.Len(t, seen, len(endings)+1, "an interceptor for each attempt, and nothing of a suspension")
}

func TestEachAttemptHasOneOutcome(t *testing.T) {
	t.Parallel()
	_, _, outcomes, inner, name := startCourse(t)
	require.Equal(t, "thrice", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "Thrice"), nil)))
	got := slices.DeleteFunc(outcomes.endings(t), func(e string) bool { return e == "suspended" && testkit.AlwaysReplay() })
	require.Equal(t, []string{"retryable", "retryable", "completed"}, got)
	require.Equal(t, 2, inner.count("out <nil> not yet"))
	require.Equal(t, 2, inner.count("filter not yet"))

	require.Equal(t, http.StatusInternalServerError, testkit.Post(t, testkit.Path(name, "Refuse"), nil).Status)
	testkit.Eventually(t, func() error {
		if outcomes.count("terminal") == 0 {
			return errors.New("no outcome")
		}
		return nil
	})
	require.Equal(t, "terminal", outcomes.endings(t)[len(outcomes.all())-1])
	require.Equal(t, 1, inner.count("filter no"), "%q", inner.all())
}

func TestAbortedAttemptsReachObserversAlone(t *testing.T) {
	t.Parallel()
	// The server takes the stream away from an attempt that does nothing.
	_, c, outcomes, inner, name := startCourse(t, restate.WithInactivityTimeout(200*time.Millisecond), restate.WithAbortTimeout(200*time.Millisecond))
	id := testkit.Submit(t, testkit.Path(name, "Hang"), nil)
	testkit.Receive(t, c.begun, "the attempt")
	require.Equal(t, "back", testkit.Decode[string](t, testkit.Attach(t, id)), "its terminal error was not taken for a result")
	// A slow machine may lose later attempts too, and hear late of the first.
	endings := outcomes.endings(t)
	require.Contains(t, endings, "aborted")
	require.Contains(t, endings, "completed")
	require.NotContains(t, endings, "terminal")
	require.NotContains(t, endings, "retryable")
	require.NotContains(t, strings.Join(inner.all(), "\n"), "filter")
	heard := slices.DeleteFunc(inner.all(), func(line string) bool {
		return strings.HasPrefix(line, "in, ") || line == "out back <nil>"
	})
	require.NotEmpty(t, heard)
	for _, line := range heard {
		require.Regexp(t, "^out <nil> pipeline: attempt aborted: context canceled", line, "interceptors can tell")
	}
}

func TestGoexitIsAnAbortedAttemptAndIsRetried(t *testing.T) {
	t.Parallel()
	a, _, outcomes, inner, name := startCourse(t)
	require.Equal(t, "back", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "Vanish"), nil)))
	require.Equal(t, []string{"panicked runtime.Goexit was called", "aborted", "completed"}, outcomes.endings(t))
	require.NotContains(t, strings.Join(inner.all(), "\n"), "filter")
	testkit.Eventually(t, func() error {
		if n := a.Endpoint.InFlight(); n > 0 {
			return fmt.Errorf("%d attempts in flight", n)
		}
		return nil
	})
}

func TestPanicsAreLoggedOnceRetriedAndSeenByFilters(t *testing.T) {
	t.Parallel()
	for _, handler := range []string{"Panic", "LatePanic", "StepPanic"} {
		t.Run(handler, func(t *testing.T) {
			t.Parallel()
			a, _, outcomes, inner, name := startCourse(t)
			require.Equal(t, "well", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, handler), nil)))
			lines := a.Lines("handler panicked")
			require.Len(t, lines, 2, "one for each")
			for i, line := range lines {
				fields := line.ContextMap()
				require.Equal(t, "error", line.Level.String())
				require.Equal(t, name+"/"+handler, fields["method"])
				require.Contains(t, fields["invocationID"], "inv_")
				require.Equal(t, fmt.Sprint("panic: ouch ", i+1), fields["err"])
				require.Contains(t, fields["stack"], "(*PipeCourse).Panic")
				require.Contains(t, fields["stack"], "attempt_test.go:")
			}
			ended := slices.DeleteFunc(outcomes.endings(t), func(e string) bool { return e == "suspended" && testkit.AlwaysReplay() })
			require.Equal(t, []string{"panicked ouch 1", "retryable", "panicked ouch 2", "retryable", "completed"}, ended)
			if handler != "StepPanic" { // whose error the SDK gives to Restate
				require.Equal(t, 1, inner.count("filter panic: ouch 1"))
				require.Equal(t, 1, inner.count("out <nil> panic: ouch 2"))
			}
		})
	}
}

func TestFilterCanEndAPanic(t *testing.T) {
	t.Parallel()
	c, name := newPipeCourse(), testkit.Unique("pipe-panic")
	testkit.Start(t, fxrestate.Service[*PipeCourse](testkit.Made(c), fxrestate.Name(name), fxrestate.Filters(
		pipeline.Catch(func(_ context.Context, _ *pipeline.Invocation, err *pipeline.PanicError) error {
			return restate.ToTerminalError(fmt.Errorf("caught %v %t", err.Value, len(err.Stack) > 0), restate.WithErrorCode(422))
		}))))
	a := testkit.Post(t, testkit.Path(name, "Panic"), nil)
	require.Equal(t, 422, a.Status)
	require.Equal(t, "caught ouch 1 true", testkit.Failed(t, a).Message)
}

func TestStopAbortsWhatDoesNotEnd(t *testing.T) {
	t.Parallel()
	c, outcomes, name, cfg := newPipeCourse(), &pipeOutcomes{PipeTrail: NewPipeTrail()}, testkit.Unique("pipe-stop"), testkit.Config()
	cfg.Endpoint.DrainTimeout = 100 * time.Millisecond
	a := testkit.Build(t, fxrestate.Service[*PipeCourse](testkit.Made(c), fxrestate.Name(name), fxrestate.Observers(outcomes)), fx.Supply(cfg))
	a.RequireStart()
	id := testkit.Submit(t, testkit.Path(name, "Hang"), nil)
	testkit.Receive(t, c.begun, "the attempt")
	a.RequireStop()
	require.Equal(t, []string{"aborted"}, outcomes.all())
	require.NoError(t, testkit.Admin().KillInvocation(t.Context(), id))
}

func TestInterceptorReplacesTheResultAndPipesTheInput(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("pipe-replace")
	testkit.Start(t, fxrestate.Service[*PipeBank](func() *PipeBank { return &PipeBank{} }, fxrestate.Name(name),
		fxrestate.Interceptors(func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
			if before, err := pipeline.InputOf[int](inv); err != nil || before == 0 {
				return -1, err // without the handler
			}
			out, err := next(ctx, inv)
			if err != nil { // a fallback
				return 1000, nil
			}
			after, err := pipeline.InputOf[int](inv)
			return out.(int) + after*100, err
		}),
		fxrestate.Pipes(
			pipeline.PipeOf(func(_ restate.Context, _ *pipeline.Invocation, in int) (int, error) { return in + 1, nil }),
			func(_ restate.Context, _ *pipeline.Invocation, in any) (any, error) { return in.(int) * 2, nil })))
	require.Equal(t, 8+400, testkit.Decode[int](t, testkit.Post(t, testkit.Path(name, "Pay"), 1)))
	require.Equal(t, -1, testkit.Decode[int](t, testkit.Post(t, testkit.Path(name, "Pay"), 0)))
}

func TestRequestResponseMode(t *testing.T) {
	t.Parallel()
	c, outcomes, name, cfg := newPipeCourse(), &pipeOutcomes{PipeTrail: NewPipeTrail()}, testkit.Unique("pipe-rr"), testkit.Config()
	cfg.Endpoint.RequestResponse = true
	testkit.StartWith(t, cfg, fxrestate.Service[*PipeCourse](testkit.Made(c), fxrestate.Name(name), fxrestate.Observers(outcomes)))
	require.Equal(t, "rested", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "Nap"), 10*time.Millisecond)))
	got := outcomes.endings(t)
	require.Contains(t, got, "suspended")
	require.Equal(t, "completed", got[len(got)-1])
}

// pipeValue is the key of a value that an observer adds.
type pipeValue struct{}

// pipeTracer adds a value to the context of the attempt.
type pipeTracer struct{ pipeline.ObserverBase }

func (pipeTracer) Started(ctx context.Context, _ *pipeline.Invocation) context.Context {
	return context.WithValue(ctx, pipeValue{}, "traced")
}

// PipeTraced is a virtual object that looks for the value.
type PipeTraced struct{}

func (PipeTraced) Look(ctx restate.ObjectContext) (string, error) {
	below, err := durable.ObjectFromContext(context.WithValue(ctx, pipeKey{}, 1))
	if err != nil {
		return "", err
	}
	restate.Set(below, "k", 1)
	step, err := restate.Run(below, func(ctx restate.RunContext) (string, error) { return fmt.Sprint(ctx.Value(pipeValue{})), nil })
	return fmt.Sprint(ctx.Value(pipeValue{}), " ", step), err
}

func TestValuesOfObserversReachAllStages(t *testing.T) {
	t.Parallel()
	trail, name := NewPipeTrail(), testkit.Unique("pipe-traced")
	testkit.Start(t, fxrestate.Object[PipeTraced](testkit.Made(PipeTraced{}), fxrestate.Name(name),
		fxrestate.Observers(pipeTracer{}),
		fxrestate.Guards(func(ctx context.Context, _ *pipeline.Invocation) (bool, error) {
			trail.add("guard: %v", ctx.Value(pipeValue{}))
			return true, nil
		}),
		fxrestate.Interceptors(func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
			trail.add("interceptor: %v", ctx.Value(pipeValue{}))
			return next(restate.WithValue(ctx, pipeKey{}, "Ada"), inv)
		})))
	require.Equal(t, "traced traced", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "k", "Look"), nil)))
	require.Equal(t, []string{"guard: traced"}, trail.of("guard"))
	require.Equal(t, []string{"interceptor: traced"}, trail.of("interceptor"))
	require.Equal(t, map[string]string{"k": "1"}, testkit.StateOf(t, name, "k"))
}
