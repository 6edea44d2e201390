package runner_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/protocol"
	"github.com/fxrestate/go/internal/runner"
)

// flaky fails a number of times, outside of a step or within one.
func flaky(opts ...restate.ServiceDefinitionOption) restate.ServiceDefinition {
	var mu sync.Mutex
	failed := map[string]int{}
	fail := func(name string, times int) error {
		mu.Lock()
		defer mu.Unlock()
		if failed[name] < times {
			failed[name]++
			return errors.New("not yet")
		}
		return nil
	}
	return restate.NewService("Flaky", opts...).
		Handler("Code", restate.NewServiceHandler(func(ctx restate.Context, times int) (string, error) {
			return "done", fail(ctx.Request().ID, times)
		})).
		Handler("Step", restate.NewServiceHandler(func(ctx restate.Context, times int) (string, error) {
			return restate.Run(ctx, func(restate.RunContext) (string, error) { return "done", fail(ctx.Request().ID, times) }, restate.WithName("flaky"))
		})).
		Handler("Bounded", restate.NewServiceHandler(func(ctx restate.Context, times int) (string, error) {
			return restate.Run(ctx, func(restate.RunContext) (string, error) { return "done", fail(ctx.Request().ID, times) },
				restate.WithMaxRetryAttempts(3), restate.WithInitialRetryInterval(time.Minute), restate.WithRetryIntervalFactor(2), restate.WithMaxRetryInterval(time.Hour))
		}))
}

func TestAnAttemptThatFailsIsFollowedByAnother(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, cfg runner.Config) {
		for name, test := range map[string]struct {
			policy  runner.RetryPolicy
			handler string
			times   int
			passed  time.Duration // of the clock, at least
		}{
			"by the server's policy":        {runner.DefaultRetryPolicy(), "Code", 3, 3500 * time.Millisecond},
			"up to the longest interval":    {runner.RetryPolicy{InitialInterval: time.Second, MaxInterval: 3 * time.Second, Factor: 2}, "Code", 5, 12 * time.Second},
			"with equal intervals":          {runner.RetryPolicy{InitialInterval: time.Second, Factor: 1}, "Code", 5, 5 * time.Second},
			"of a step, as of a handler":    {runner.DefaultRetryPolicy(), "Step", 2, 1500 * time.Millisecond},
			"of a step with its own policy": {runner.DefaultRetryPolicy(), "Bounded", 2, 3 * time.Minute},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				cfg := cfg
				cfg.Retry = &test.policy
				r := start(t, cfg, flaky())
				before := r.Now()
				require.Equal(t, "done", call[string](t, r, "Flaky", "", test.handler, test.times))
				require.GreaterOrEqual(t, r.Now().Sub(before), test.passed)
				inv := r.Invocations()[0]
				require.GreaterOrEqual(t, inv.Attempts, test.times+1)
				require.Contains(t, inv.LastFailure.Message, "not yet")
			})
		}
	})
}

func TestAStepThatHasHadItsAttemptsFails(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, cfg runner.Config) {
		r := start(t, cfg, flaky())
		_, err := tryCall[string](t, r, "Flaky", "", "Bounded", 3)
		require.ErrorContains(t, err, "not yet")
	})
}

func TestAfterTheLastAttemptAnInvocationIsPausedOrEnds(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, cfg runner.Config) {
		r := start(t, cfg, flaky(restate.WithInvocationRetryPolicy(restate.WithMaxRetryAttempts(3), restate.PauseOnMaxAttempts())))
		inv := await(t, r, send(t, r, request(t, "Flaky", "", "Code", 3)), runner.Paused)
		require.Equal(t, 3, inv.Attempts)
		require.Equal(t, "not yet", inv.LastFailure.Message)
		require.NoError(t, r.Resume(inv.ID))
		out, err := r.Attach(ctxOf(t), inv.ID)
		require.NoError(t, err)
		require.Equal(t, `"done"`, string(out))

		r = start(t, cfg, flaky(restate.WithInvocationRetryPolicy(restate.WithMaxRetryAttempts(3), restate.KillOnMaxAttempts())))
		_, err = tryCall[string](t, r, "Flaky", "", "Code", 3)
		require.ErrorContains(t, err, "500: not yet")
	})
}

func TestAnInvocationCanBePausedAndResumed(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, cfg runner.Config) {
		cfg.ManualClock = true
		r := start(t, cfg, flaky(), sleepers())
		sleeping := send(t, r, request(t, "Sleepers", "", "Sleep", []time.Duration{time.Hour}))
		failing := send(t, r, request(t, "Flaky", "", "Code", 1))
		require.NoError(t, r.Settle(ctxOf(t)))
		both := []string{sleeping, failing}
		if cfg.AlwaysReplay { // what is suspended is not paused
			require.NoError(t, r.Pause(sleeping))
			inv, err := r.Invocation(sleeping)
			require.NoError(t, err)
			require.Equal(t, runner.Suspended, inv.Status)
			both = []string{failing}
		}
		for _, id := range both {
			require.NoError(t, r.Pause(id))
			inv, err := r.Invocation(id)
			require.NoError(t, err)
			require.Equal(t, runner.Paused, inv.Status)
		}
		require.NoError(t, r.Advance(ctxOf(t), 2*time.Hour))
		for _, id := range both {
			inv, err := r.Invocation(id)
			require.NoError(t, err)
			require.Equal(t, runner.Paused, inv.Status)
			require.NoError(t, r.Resume(id))
			_, err = r.Attach(ctxOf(t), id)
			require.NoError(t, err)
		}

		// A cancellation resumes, and one that runs is paused where it waits.
		id := send(t, r, request(t, "Sleepers", "", "Sleep", []time.Duration{time.Hour}))
		require.NoError(t, r.Pause(id))
		await(t, r, id, runner.Paused)
		require.NoError(t, r.Cancel(id))
		_, err := r.Attach(ctxOf(t), id)
		require.ErrorContains(t, err, "409")
	})
}

func TestAJournalThatTheHandlerDoesNotMatchIsAFailure(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	r := start(t, runner.Config{AlwaysReplay: true, Retry: &runner.RetryPolicy{MaxAttempts: 2, InitialInterval: time.Second}},
		restate.NewService("Random").Handler("Name", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (restate.Void, error) {
			name := "even"
			if calls.Add(1)%2 == 1 {
				name = "odd"
			}
			return restate.Void{}, restate.RunVoid(ctx, func(restate.RunContext) error { return nil }, restate.WithName(name))
		})))
	inv := await(t, r, send(t, r, request(t, "Random", "", "Name", nil)), runner.Completed)
	require.EqualValues(t, protocol.CodeJournalMismatch, inv.LastFailure.Code)
	require.Contains(t, inv.LastFailure.Message, "odd")
}

// played is an application whose attempts are written by the test.
func played(attempt func(n int, w http.ResponseWriter)) http.Handler {
	var made atomic.Int32
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.RequestURI == "/discover" {
			_ = json.NewEncoder(w).Encode(map[string]any{"services": []any{map[string]any{
				"name": "Played", "ty": "SERVICE", "handlers": []any{map[string]any{"name": "Play"}},
			}}})
			return
		}
		attempt(int(made.Add(1)), w)
	})
}

func write(w http.ResponseWriter, messages ...protocol.Message) {
	w.Header().Set("Content-Type", "application/vnd.restate.invocation.v6")
	var b []byte
	for _, m := range messages {
		b = protocol.AppendMessage(b, m)
	}
	_, _ = w.Write(b)
}

func TestAnErrorSaysWhatHappensNext(t *testing.T) {
	t.Parallel()
	delay := uint64(3_600_000)
	done := func(w http.ResponseWriter) {
		write(w, &protocol.Output{Result: protocol.Succeeded([]byte("done"))}, &protocol.End{})
	}
	for name, test := range map[string]struct {
		first    func(w http.ResponseWriter)
		passed   time.Duration
		status   runner.Status
		failure  string
		attempts int
		end      string
	}{
		"to retry after a delay, which counts as no attempt": {
			func(w http.ResponseWriter) {
				write(w, &protocol.Error{Code: 500, Message: "later", NextRetryDelay: &delay})
			}, time.Hour, runner.Completed, "later", 2, "",
		},
		"to pause": {
			func(w http.ResponseWriter) {
				write(w, &protocol.Error{Code: 500, Message: "look", Behavior: protocol.BehaviorPause})
			}, 0, runner.Paused, "look", 1, "",
		},
		"to fail": {
			func(w http.ResponseWriter) {
				write(w, &protocol.Error{Code: 418, Message: "no", Behavior: protocol.BehaviorFail})
			}, 0, runner.Completed, "no", 1, "418: no",
		},
		"too busy, as a refusal with a delay": {
			func(w http.ResponseWriter) {
				w.Header().Set("Retry-After", "3600")
				http.Error(w, "busy", http.StatusServiceUnavailable)
			}, time.Hour, runner.Completed, "503", 2, "",
		},
		"a refusal without a delay": {
			func(w http.ResponseWriter) { http.Error(w, "gone", http.StatusNotFound) },
			time.Second, runner.Completed, "404", 2, "",
		},
		"a response that ends early": {
			func(w http.ResponseWriter) { write(w) }, time.Second, runner.Completed, "ended before", 2, "",
		},
		"a stream that is aborted": {
			func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, time.Second, runner.Completed, "aborted", 2, "",
		},
		"nonsense": {
			func(w http.ResponseWriter) { write(w, &protocol.Start{}) }, time.Second, runner.Completed, "not the handler's", 2, "",
		},
		"a message that is malformed": {
			func(w http.ResponseWriter) {
				w.Header().Set("Content-Type", "application/vnd.restate.invocation.v6")
				_, _ = w.Write(protocol.Frame{Type: protocol.TypeCall, Body: []byte("\xff\xff")}.Append(nil))
			}, time.Second, runner.Completed, "malformed", 2, "",
		},
		"an id that is none": {
			func(w http.ResponseWriter) { write(w, &protocol.CompleteAwakeable{AwakeableID: "x"}) },
			time.Second, runner.Completed, "InvalidAwakeableId", 2, "",
		},
		"another content type": {
			func(w http.ResponseWriter) { _, _ = w.Write(nil) }, time.Second, runner.Completed, "content type", 2, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := runner.New(played(func(n int, w http.ResponseWriter) {
				if n == 1 {
					test.first(w)
				} else {
					done(w)
				}
			}), runner.Config{Retry: &runner.RetryPolicy{InitialInterval: time.Second, MaxAttempts: 2}})
			require.NoError(t, err)
			defer r.Close()
			before := r.Now()
			inv := await(t, r, send(t, r, runner.Request{Service: "Played", Handler: "Play"}), test.status)
			require.Equal(t, test.attempts, inv.Attempts)
			require.Contains(t, inv.LastFailure.Message, test.failure)
			require.GreaterOrEqual(t, r.Now().Sub(before), test.passed)
			if test.end != "" {
				require.ErrorContains(t, inv.Err, test.end)
			} else if inv.Status == runner.Completed {
				require.Equal(t, "done", string(inv.Value))
			}
		})
	}
}

func TestAnotherApplicationGoesOnWhereOneDied(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, cfg runner.Config) {
		started := make(chan struct{}, 10)
		version := func(name string) restate.ServiceDefinition {
			return restate.NewService("Versions").Handler("Run", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (string, error) {
				first, err := restate.Run(ctx, func(restate.RunContext) (string, error) { return name, nil })
				if err != nil {
					return "", err
				}
				second, err := restate.Run(ctx, func(ctx restate.RunContext) (string, error) {
					started <- struct{}{}
					if name == "old" {
						<-ctx.Done()
						return "", ctx.Err()
					}
					return name, nil
				})
				return first + " " + second, err
			}))
		}
		r := start(t, cfg, version("old"))
		id := send(t, r, request(t, "Versions", "", "Run", nil))
		<-started
		require.NoError(t, r.SwapHandler(nil))
		inv, err := r.Invocation(id)
		require.NoError(t, err)
		require.Equal(t, runner.BackingOff, inv.Status)
		require.Contains(t, inv.LastFailure.Message, "the connection to the application is lost")

		require.NoError(t, r.Until(ctxOf(t), func() bool {
			inv, err = r.Invocation(id)
			return err == nil && strings.Contains(inv.LastFailure.Message, "not running")
		}))
		require.ErrorContains(t, r.SwapHandler(http.NotFoundHandler()), "discovery")
		require.NoError(t, r.SwapHandler(app(t, version("new"))))
		out, err := r.Attach(ctxOf(t), id)
		require.NoError(t, err)
		require.Equal(t, `"old new"`, string(out))
	})
}

func TestWhatStartsBecauseAnApplicationDiedIsTheNextOnes(t *testing.T) {
	t.Parallel()
	const objects = 20
	started := make(chan struct{}, objects)
	version := func(name string) restate.ServiceDefinition {
		return restate.NewObject("Versions").Handler("Run", restate.NewObjectHandler(func(ctx restate.ObjectContext, _ restate.Void) (string, error) {
			return restate.Run(ctx, func(ctx restate.RunContext) (string, error) {
				if name == "old" {
					started <- struct{}{}
					<-ctx.Done()
					return "", ctx.Err()
				}
				return name, nil
			})
		}))
	}
	r := start(t, runner.Config{OneAttempt: true, Retry: &runner.RetryPolicy{Kill: true}}, version("old"))
	var second []string
	for i := range objects {
		q := request(t, "Versions", strconv.Itoa(i), "Run", nil)
		send(t, r, q)
		second = append(second, send(t, r, q)) // its turn comes when the first one has failed
	}
	for range objects {
		<-started
	}
	require.NoError(t, r.SwapHandler(app(t, version("new"))))
	for _, id := range second {
		out, err := r.Attach(ctxOf(t), id)
		require.NoError(t, err)
		require.Equal(t, `"new"`, string(out))
	}
}

func TestARunnerMayBeThereBeforeItsApplication(t *testing.T) {
	t.Parallel()
	r, err := runner.New(nil, runner.Config{Seed: 7})
	require.NoError(t, err)
	defer r.Close()
	_, err = r.Call(t.Context(), runner.Request{Service: "Flaky", Handler: "Code"})
	require.ErrorIs(t, err, runner.ErrNoHandler)
	require.NoError(t, r.SwapHandler(app(t, flaky())))
	require.Equal(t, "done", call[string](t, r, "Flaky", "", "Code", 0))

	again := start(t, runner.Config{Seed: 7}, flaky())
	require.Equal(t, "done", call[string](t, again, "Flaky", "", "Code", 0))
	require.Equal(t, r.Invocations()[0].ID, again.Invocations()[0].ID, "a seed makes the same ids")
}
