package runner_test

import (
	"context"
	"errors"
	goruntime "runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/runner"
)

// callers calls handlers of others by their names.
func callers() restate.ServiceDefinition {
	return restate.NewService("Callers").
		Handler("Upper", restate.NewServiceHandler(func(_ restate.Context, in string) (string, error) {
			if in == "" {
				return "", restate.ToTerminalError(errors.New("nothing to do"), restate.WithErrorCode(422))
			}
			return strings.ToUpper(in), nil
		})).
		Handler("Call", restate.NewServiceHandler(func(ctx restate.Context, in string) (string, error) {
			return restate.Service[string](ctx, "Callers", "Upper").Request(in)
		})).
		Handler("CallBoth", restate.NewServiceHandler(func(ctx restate.Context, in string) (string, error) {
			a := restate.Service[string](ctx, "Callers", "Upper").RequestFuture(in + "1")
			b := restate.Service[string](ctx, "Callers", "Upper").RequestFuture(in + "2")
			second, err := b.Response()
			if err != nil {
				return "", err
			}
			first, err := a.Response()
			return first + second, err
		})).
		Handler("Send", restate.NewServiceHandler(func(ctx restate.Context, delay time.Duration) (string, error) {
			return restate.ServiceSend(ctx, "Callers", "Upper").Send("sent", restate.WithDelay(delay)).GetInvocationId(), nil
		})).
		Handler("Same", restate.NewServiceHandler(func(ctx restate.Context, key string) ([]string, error) {
			var ids []string
			for range 2 {
				ids = append(ids, restate.ServiceSend(ctx, "Callers", "Upper").Send("same", restate.WithIdempotencyKey(key)).GetInvocationId())
			}
			out, err := restate.AttachInvocation[string](ctx, ids[1]).Response()
			return append(ids, out), err
		})).
		Handler("Lost", restate.NewServiceHandler(func(ctx restate.Context, service string) (string, error) {
			return restate.Object[string](ctx, service, "key", "Get").Request("in")
		}))
}

func TestHandlersCallEachOther(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, cfg runner.Config) {
		r := start(t, cfg, callers())
		require.Equal(t, "ADA", call[string](t, r, "Callers", "", "Call", "ada"))
		require.Equal(t, []string{
			"Command: Input", "Command: Call", "Notification: CallInvocationId", "Notification: Call", "Command: Output",
		}, entries(r.Invocations()[0]))
		require.Equal(t, "X1X2", call[string](t, r, "Callers", "", "CallBoth", "x"))

		_, err := tryCall[string](t, r, "Callers", "", "Call", "")
		var failed *runner.Error
		require.ErrorAs(t, err, &failed)
		require.EqualValues(t, 422, failed.Code)
		require.Equal(t, "nothing to do", failed.Message)
	})
}

func TestASendWithADelayStartsWhenTheClockIsThere(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, cfg runner.Config) {
		cfg.ManualClock = true
		r := start(t, cfg, callers())
		id := call[string](t, r, "Callers", "", "Send", time.Hour)
		inv, err := r.Invocation(id)
		require.NoError(t, err)
		require.Equal(t, runner.Scheduled, inv.Status)
		require.WithinDuration(t, r.Now().Add(time.Hour), inv.Scheduled, time.Minute)
		require.NoError(t, r.Advance(ctxOf(t), 30*time.Minute))
		_, ready, err := r.Output(id)
		require.NoError(t, err)
		require.False(t, ready)
		require.NoError(t, r.Advance(ctxOf(t), 30*time.Minute))
		out, ready, err := r.Output(id)
		require.NoError(t, err)
		require.True(t, ready)
		require.Equal(t, `"SENT"`, string(out))

		// Nothing is kept of one that is cancelled before.
		id = send(t, r, runner.Request{Service: "Callers", Handler: "Upper", Body: []byte(`"x"`), Delay: time.Hour})
		attached := make(chan error)
		go func() {
			_, err := r.Attach(ctxOf(t), id)
			attached <- err
		}()
		require.Eventually(t, func() bool { return r.Waiting() == 1 }, time.Minute, time.Millisecond)
		require.NoError(t, r.Cancel(id))
		require.ErrorContains(t, <-attached, "409: canceled")
		_, _, err = r.Output(id)
		require.ErrorIs(t, err, runner.ErrUnknown)
		require.ErrorIs(t, r.Cancel(id), runner.ErrUnknown)
	})
}

func TestCallsWithOneIdempotencyKeyAreOne(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, cfg runner.Config) {
		var calls atomic.Int32
		r := start(t, cfg, callers(), restate.NewService("Count").Handler("Up", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (int32, error) {
			return restate.Run(ctx, func(restate.RunContext) (int32, error) { return calls.Add(1), nil })
		})))
		q := runner.Request{Service: "Count", Handler: "Up", IdempotencyKey: "k"}
		for range 3 {
			out, err := r.Call(ctxOf(t), q)
			require.NoError(t, err)
			require.Equal(t, "1", string(out))
		}
		id, isNew, err := r.Send(q)
		require.NoError(t, err)
		require.False(t, isNew)
		require.Len(t, r.Invocations(), 1)

		require.NoError(t, r.Advance(ctxOf(t), 25*time.Hour)) // the server keeps results for a day
		_, err = r.Invocation(id)
		require.ErrorIs(t, err, runner.ErrUnknown)
		out, err := r.Call(ctxOf(t), q)
		require.NoError(t, err)
		require.Equal(t, "2", string(out))

		same := call[[]string](t, r, "Callers", "", "Same", "key")
		require.Equal(t, same[0], same[1])
		require.Equal(t, "SAME", same[2])
	})
}

func TestAStubThatEndsItsGoroutineHasFailed(t *testing.T) {
	t.Parallel()
	cfg := runner.Config{Stubs: map[string]runner.Stub{"Asserting": func(context.Context, runner.Request) ([]byte, error) {
		goruntime.Goexit() // as require does
		return nil, nil
	}}}
	r := start(t, cfg, callers())
	_, err := tryCall[string](t, r, "Callers", "", "Lost", "Asserting")
	require.ErrorContains(t, err, "the stub of Asserting/key/Get has ended its goroutine, as a failed assertion does; let it return an error instead")
	require.NoError(t, r.Settle(ctxOf(t)), "nothing is left running")
}

func TestAStubStandsForAServiceThatIsNotThere(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, cfg runner.Config) {
		tries := 0
		cfg.Stubs = map[string]runner.Stub{
			"Elsewhere/Get": func(_ context.Context, q runner.Request) ([]byte, error) {
				if tries++; tries < 3 {
					return nil, errors.New("not now")
				}
				return []byte(`"` + q.Key + ":" + strings.Trim(string(q.Body), `"`) + `"`), nil
			},
			"Broken": func(context.Context, runner.Request) ([]byte, error) {
				return nil, &runner.Error{Code: 402, Message: "no money", Metadata: map[string]string{"a": "b"}}
			},
		}
		r := start(t, cfg, callers())
		require.Equal(t, "key:in", call[string](t, r, "Callers", "", "Lost", "Elsewhere"))
		require.Equal(t, 3, tries)
		_, err := tryCall[string](t, r, "Callers", "", "Lost", "Broken")
		var failed *runner.Error
		require.ErrorAs(t, err, &failed)
		require.EqualValues(t, 402, failed.Code)
		require.Equal(t, map[string]string{"a": "b"}, failed.Metadata)
	})
}

func TestACallOfAServiceThatNobodyHasIsRetriedAndPaused(t *testing.T) {
	t.Parallel()
	r := start(t, runner.Config{Retry: &runner.RetryPolicy{InitialInterval: time.Minute, Factor: 1, MaxAttempts: 3}}, callers())
	id := send(t, r, request(t, "Callers", "", "Lost", "Nowhere"))
	inv := await(t, r, id, runner.Paused)
	require.Equal(t, 3, inv.Attempts)
	require.Contains(t, inv.LastFailure.Message, "the service handler Nowhere/Get was not found")
	require.Equal(t, []string{"Command: Input"}, entries(inv))

	_, _, err := r.Send(runner.Request{Service: "Nowhere", Handler: "Get"})
	require.ErrorIs(t, err, runner.ErrNoHandler)
	_, err = r.Call(t.Context(), runner.Request{Service: "Callers", Handler: "Upper", Key: "k"})
	require.ErrorIs(t, err, runner.ErrNoHandler)
	_, err = r.Attach(t.Context(), "inv_1gdJBtdVEcM95mw1LLMMJY1Y0thJ9ugFGN")
	require.ErrorIs(t, err, runner.ErrUnknown)
	_, err = r.Invocation("nonsense")
	require.ErrorIs(t, err, runner.ErrUnknown)
}

func TestAnInvocationIsKeptAsLongAsItsServiceSays(t *testing.T) {
	t.Parallel()
	r := start(t, runner.Config{ManualClock: true},
		restate.NewService("Kept", restate.WithJournalRetention(time.Hour), restate.WithIdempotencyRetention(2*time.Hour)).
			Handler("Call", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (string, error) {
				return restate.ServiceSend(ctx, "Kept", "Called").Send(restate.Void{}).GetInvocationId(), nil
			})).
			Handler("Called", restate.NewServiceHandler(func(restate.Context, restate.Void) (restate.Void, error) { return restate.Void{}, nil })))
	called := call[string](t, r, "Kept", "", "Call", nil)
	require.NoError(t, r.Settle(ctxOf(t)))
	outside := r.Invocations()[0].ID
	kept := func(id string) (result, journal bool) {
		inv, err := r.Invocation(id)
		return err == nil, len(inv.Journal) > 0
	}
	for _, step := range []struct {
		after                                          time.Duration
		outside, outsideJournal, called, calledJournal bool
	}{
		{0, true, true, true, true},
		{time.Hour, true, false, false, false},
		{time.Hour, false, false, false, false},
	} {
		require.NoError(t, r.Advance(ctxOf(t), step.after))
		result, journal := kept(outside)
		require.Equal(t, []bool{step.outside, step.outsideJournal}, []bool{result, journal})
		result, journal = kept(called)
		require.Equal(t, []bool{step.called, step.calledJournal}, []bool{result, journal})
	}
}
