package durable_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
)

// Steps has handlers that fail once after a step, so that the step is replayed.
type Steps struct{ steps, failures atomic.Int32 }

// failOnce fails the first attempt.
func (s *Steps) failOnce() error {
	if s.failures.Add(1) == 1 {
		return errors.New("the first attempt")
	}
	return nil
}

func (s *Steps) Charge(ctx restate.Context) (int32, error) {
	n, err := restate.Run(ctx, func(restate.RunContext) (int32, error) { return s.steps.Add(1), nil }, restate.WithName("charge-card"))
	if err != nil {
		return 0, err
	}
	return n, s.failOnce()
}

func startSteps(t *testing.T) (*Steps, string) {
	s, name := &Steps{}, testkit.Unique("steps")
	testkit.Start(t, fxrestate.Service[*Steps](testkit.Made(s), fxrestate.Name(name), testkit.RetrySoon()))
	return s, name
}

func TestStepRunsOnceAndIsNamedInTheJournal(t *testing.T) {
	t.Parallel()
	s, name := startSteps(t)
	a := testkit.Post(t, testkit.Path(name, "Charge"), nil)
	require.EqualValues(t, 1, testkit.Decode[int](t, a))
	require.GreaterOrEqual(t, s.failures.Load(), int32(2), "attempts")
	require.EqualValues(t, 1, s.steps.Load())
	require.Contains(t, testkit.Journal(t, a.Header.Get("X-Restate-Id")), "Run charge-card")
}

// Give up on a step that always fails.
func (s *Steps) GiveUp(ctx restate.Context) (string, error) {
	err := restate.RunVoid(ctx, func(restate.RunContext) error {
		s.steps.Add(1)
		return errors.New("out of order")
	}, restate.WithMaxRetryAttempts(3), restate.WithInitialRetryInterval(time.Millisecond))
	return err.Message(), nil
}

func TestStepGivesUpAfterItsOwnRetries(t *testing.T) {
	t.Parallel()
	s, name := startSteps(t)
	require.Contains(t, testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "GiveUp"), nil)), "out of order")
	require.EqualValues(t, 3, s.steps.Load())
}

func (s *Steps) Refuse(ctx restate.Context) error {
	return restate.RunVoid(ctx, func(restate.RunContext) error {
		s.steps.Add(1)
		return restate.ToTerminalError(errors.New("no money"), restate.WithErrorCode(http.StatusPaymentRequired))
	})
}

func TestTerminalErrorOfAStepEndsTheInvocationWithItsCode(t *testing.T) {
	t.Parallel()
	s, name := startSteps(t)
	require.Equal(t, testkit.Failure{Code: http.StatusPaymentRequired, Message: "no money", Source: "invocation"}, testkit.Failed(t, testkit.Post(t, testkit.Path(name, "Refuse"), nil)))
	require.EqualValues(t, 1, s.steps.Load())
}

// Beside runs two steps at the same time.
func (s *Steps) Beside(ctx restate.Context) (int32, error) {
	both := newMeeting(2)
	step := func(who string) restate.RunAsyncFuture[int32] {
		return restate.RunAsync(ctx, func(restate.RunContext) (int32, error) { return s.steps.Add(1), both.attend(who) })
	}
	var sum int32
	for done, err := range restate.Wait(ctx, step("a"), step("b")) {
		if err != nil {
			return 0, err
		}
		n, err := done.(restate.RunAsyncFuture[int32]).Result()
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, s.failOnce()
}

func TestAsynchronousStepsRunAtTheSameTimeAndOnce(t *testing.T) {
	t.Parallel()
	s, name := startSteps(t)
	require.Equal(t, 3, testkit.Decode[int](t, testkit.Post(t, testkit.Path(name, "Beside"), nil)))
	require.EqualValues(t, 2, s.steps.Load())
}

// Guesses are what a handler may take from nowhere but its context.
type Guesses struct {
	Number int       `json:"number"`
	UUID   string    `json:"uuid"`
	Source uint64    `json:"source"`
	Now    time.Time `json:"now"`
}

// Guess compares what two attempts see: the first one leaves it in a step.
func (s *Steps) Guess(ctx restate.Context) ([2]Guesses, error) {
	now, err := durable.Now(ctx)
	if err != nil {
		return [2]Guesses{}, err
	}
	this := Guesses{restate.Rand(ctx).Int(), restate.UUID(ctx).String(), rand.New(restate.RandSource(ctx)).Uint64(), now}
	first, err := restate.Run(ctx, func(restate.RunContext) (Guesses, error) { return this, nil })
	if err != nil {
		return [2]Guesses{}, err
	}
	return [2]Guesses{first, this}, s.failOnce()
}

func TestRandomnessAndTimeAreTheSameOnEveryAttempt(t *testing.T) {
	t.Parallel()
	s, name := startSteps(t)
	before := time.Now()
	a := testkit.Post(t, testkit.Path(name, "Guess"), nil)
	got := testkit.Decode[[2]Guesses](t, a)
	require.GreaterOrEqual(t, s.failures.Load(), int32(2), "attempts")
	require.Equal(t, got[0], got[1])
	require.WithinRange(t, got[0].Now, before, time.Now())
	require.Equal(t, time.UTC, got[0].Now.Location())
	require.Contains(t, testkit.Journal(t, a.Header.Get("X-Restate-Id")), "Run now")

	other := testkit.Decode[[2]Guesses](t, testkit.Post(t, testkit.Path(name, "Guess"), nil))
	require.NotEqual(t, got[0].UUID, other[0].UUID, "another invocation")
}

// Misuse looks for the invocation's context inside a step.
func (s *Steps) Misuse(ctx restate.Context) error {
	return restate.RunVoid(ctx, func(rc restate.RunContext) error {
		for _, c := range []context.Context{rc, ctx, context.WithValue(rc, clerk{}, "Ada")} {
			if _, err := durable.FromContext(c); !errors.Is(err, durable.ErrInsideRun) {
				return restate.TerminalErrorf("FromContext returned %v", err)
			}
		}
		_, err := durable.FromContext(rc)
		return restate.ToTerminalError(err)
	})
}

// MisuseAsync does so in a step that runs beside the handler.
func (s *Steps) MisuseAsync(ctx restate.Context) error {
	_, err := restate.RunAsync(ctx, func(rc restate.RunContext) (restate.Void, error) {
		_, err := durable.FromContext(rc)
		return restate.Void{}, restate.ToTerminalError(err)
	}).Result()
	return err
}

func TestDurableOperationsInsideAStepAreAClearError(t *testing.T) {
	t.Parallel()
	_, name := startSteps(t)
	for _, handler := range []string{"Misuse", "MisuseAsync"} {
		t.Run(handler, func(t *testing.T) {
			require.Contains(t, testkit.Failed(t, testkit.Post(t, testkit.Path(name, handler), nil)).Message,
				"durable operations cannot be used inside restate.Run; do them before or after it")
		})
	}
}

// Leak returns from a step what has no encoding.
func (s *Steps) Leak(ctx restate.Context) error {
	_, err := restate.Run(ctx, func(restate.RunContext) (chan int, error) {
		s.steps.Add(1)
		return make(chan int), nil
	}, restate.WithName("leak"))
	return err
}

func TestStepWhoseResultDoesNotEncodeFailsTheAttemptAndNotTheProcess(t *testing.T) {
	t.Parallel()
	s, name := &Steps{}, testkit.Unique("steps")
	testkit.Start(t, fxrestate.Service[*Steps](testkit.Made(s), fxrestate.Name(name), restate.WithInvocationRetryPolicy(
		restate.WithInitialRetryInterval(time.Millisecond), restate.WithMaxRetryAttempts(2), restate.KillOnMaxAttempts())))
	f := testkit.Failed(t, testkit.Post(t, testkit.Path(name, "Leak"), nil))
	require.Contains(t, f.Message, `the result of step "leak", a chan int, does not encode: json: unsupported type: chan int`)
	require.EqualValues(t, 2, s.steps.Load())
	require.EqualValues(t, 3, testkit.Decode[int](t, testkit.Post(t, testkit.Path(name, "Charge"), nil)), "the process goes on")
}
