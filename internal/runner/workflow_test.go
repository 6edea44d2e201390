package runner_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/runner"
)

// signup waits for a promise, for a day.
func signup(runs *atomic.Int32) restate.ServiceDefinition {
	return restate.NewWorkflow("Signup").
		Handler("Run", restate.NewWorkflowHandler(func(ctx restate.WorkflowContext, name string) (string, error) {
			if err := restate.RunVoid(ctx, func(restate.RunContext) error { runs.Add(1); return nil }); err != nil {
				return "", err
			}
			restate.Set(ctx, "name", name)
			verified, late := restate.Promise[string](ctx, "verified"), restate.After(ctx, 24*time.Hour)
			first, err := restate.WaitFirst(ctx, verified, late)
			switch {
			case err != nil:
				return "", err
			case first == late:
				return "late", late.Done()
			}
			code, err := verified.Result()
			return name + " " + code, err
		})).
		Handler("Verify", restate.NewWorkflowSharedHandler(func(ctx restate.WorkflowSharedContext, code string) (restate.Void, error) {
			if code == "" {
				return restate.Void{}, restate.Promise[string](ctx, "verified").Reject(restate.ToTerminalError(errors.New("no code"), restate.WithErrorCode(499)))
			}
			return restate.Void{}, restate.Promise[string](ctx, "verified").Resolve(code)
		})).
		Handler("Peek", restate.NewWorkflowSharedHandler(func(ctx restate.WorkflowSharedContext, _ restate.Void) (string, error) {
			return restate.Promise[string](ctx, "verified").Peek()
		}))
}

func TestAWorkflowWaitsForAPromise(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, cfg runner.Config) {
		var runs atomic.Int32
		r := start(t, cfg, signup(&runs))
		id := send(t, r, request(t, "Signup", "1", "Run", "Ada"))
		require.NoError(t, r.Settle(ctxOf(t)))
		require.Equal(t, map[string][]byte{"name": []byte(`"Ada"`)}, r.State("Signup", "1"))

		// Nobody waits, and so the day does not pass.
		require.Empty(t, call[string](t, start(t, cfg, signup(&runs)), "Signup", "1", "Peek", nil))
		_, err := r.Call(ctxOf(t), request(t, "Signup", "1", "Verify", "1234"))
		require.NoError(t, err)
		out, err := r.Attach(ctxOf(t), id)
		require.NoError(t, err)
		require.Equal(t, `"Ada 1234"`, string(out))
		require.Equal(t, "1234", call[string](t, r, "Signup", "1", "Peek", nil))

		_, err = r.Call(ctxOf(t), request(t, "Signup", "1", "Verify", "again"))
		require.ErrorContains(t, err, "409: promise was already completed")
		_, err = r.Call(ctxOf(t), request(t, "Signup", "1", "Run", "Bob"))
		require.ErrorContains(t, err, "409: the workflow method was already invoked")
		again, isNew, err := r.Send(request(t, "Signup", "1", "Run", "Bob"))
		require.NoError(t, err)
		require.False(t, isNew)
		require.Equal(t, id, again)
		require.EqualValues(t, 1, runs.Load())

		// It is kept for a day, and then it can run again.
		require.NoError(t, r.Advance(ctxOf(t), 25*time.Hour))
		require.Empty(t, call[string](t, r, "Signup", "1", "Peek", nil))
		require.Empty(t, r.State("Signup", "1"))
	})
}

func TestAPromiseThatNobodyCompletesIsLateAfterADayOfTheClock(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, cfg runner.Config) {
		var runs atomic.Int32
		r := start(t, cfg, signup(&runs))
		before := r.Now()
		require.Equal(t, "late", call[string](t, r, "Signup", "1", "Run", "Ada"))
		require.GreaterOrEqual(t, r.Now().Sub(before), 24*time.Hour-time.Minute)
		require.EqualValues(t, 1, runs.Load())
	})
}

func TestARejectedPromiseFailsWhoWaitsForIt(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, cfg runner.Config) {
		var runs atomic.Int32
		r := start(t, cfg, signup(&runs))
		call[any](t, r, "Signup", "1", "Verify", "") // before it runs
		_, err := tryCall[string](t, r, "Signup", "1", "Run", "Ada")
		var failed *runner.Error
		require.True(t, errors.As(err, &failed))
		require.Equal(t, "no code", failed.Message)
	})
}
