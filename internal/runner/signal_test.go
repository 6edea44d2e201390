package runner_test

import (
	"errors"
	"sync"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/runner"
)

func TestAnAwakeableIsCompletedFromOutside(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		complete func(*runner.Runner, string) error
		want     string
		fails    string
	}{
		"with a value":   {func(r *runner.Runner, id string) error { return r.ResolveAwakeable(id, []byte(`"yes"`)) }, `"yes"`, ""},
		"with a failure": {func(r *runner.Runner, id string) error { return r.RejectAwakeable(id, "no") }, "", "500: no"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBothModes(t, func(t *testing.T, cfg runner.Config) {
				ids := make(chan string, 10)
				r := start(t, cfg, restate.NewService("Ask").Handler("Wait", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (string, error) {
					a := restate.Awakeable[string](ctx)
					ids <- a.Id()
					return a.Result()
				})))
				id := send(t, r, request(t, "Ask", "", "Wait", nil))
				awakeable := <-ids
				require.ErrorContains(t, r.ResolveAwakeable("sign_1nonsense", nil), "bad awakeable id")
				require.NoError(t, test.complete(r, awakeable))
				out, err := r.Attach(ctxOf(t), id)
				if test.fails != "" {
					require.ErrorContains(t, err, test.fails)
				} else {
					require.NoError(t, err)
				}
				require.Equal(t, test.want, string(out))
				require.NoError(t, r.ResolveAwakeable(awakeable, nil), "late, which nobody notices")
			})
		})
	}
}

func TestANamedSignalReachesAnInvocation(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, cfg runner.Config) {
		r := start(t, cfg, restate.NewService("Signals").
			Handler("Wait", restate.NewServiceHandler(func(ctx restate.Context, name string) (string, error) {
				return restate.Signal[string](ctx, name).Result()
			})).
			Handler("Tell", restate.NewServiceHandler(func(ctx restate.Context, id string) (restate.Void, error) {
				restate.ResolveSignal(ctx, id, "other", "wrong")
				restate.ResolveSignal(ctx, id, "this", "right")
				return restate.Void{}, nil
			})).
			Handler("Refuse", restate.NewServiceHandler(func(ctx restate.Context, id string) (restate.Void, error) {
				restate.RejectSignal(ctx, id, "this", errors.New("wrong"))
				return restate.Void{}, nil
			})))
		id := send(t, r, request(t, "Signals", "", "Wait", "this"))
		call[any](t, r, "Signals", "", "Tell", id)
		out, err := r.Attach(ctxOf(t), id)
		require.NoError(t, err)
		require.Equal(t, `"right"`, string(out))

		id = send(t, r, request(t, "Signals", "", "Wait", "this"))
		call[any](t, r, "Signals", "", "Refuse", id)
		_, err = r.Attach(ctxOf(t), id)
		require.ErrorContains(t, err, "wrong")
	})
}

func TestCancellingAnInvocationCancelsWhatItCalled(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, cfg runner.Config) {
		var mu sync.Mutex
		seen := map[string]string{}
		waits := func(ctx restate.Context, name string, wait func() error) (restate.Void, error) {
			err := wait()
			_ = restate.RunVoid(ctx, func(restate.RunContext) error { // after the cancellation it goes on
				mu.Lock()
				defer mu.Unlock()
				seen[name] = err.Error()
				return nil
			})
			return restate.Void{}, err
		}
		r := start(t, cfg, restate.NewService("Family").
			Handler("Parent", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (restate.Void, error) {
				return waits(ctx, "parent", func() error {
					_, err := restate.Service[restate.Void](ctx, "Family", "Child").Request(restate.Void{})
					return err
				})
			})).
			Handler("Child", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (restate.Void, error) {
				return waits(ctx, "child", func() error {
					_, err := restate.Awakeable[string](ctx).Result()
					return err
				})
			})))
		parent := send(t, r, request(t, "Family", "", "Parent", nil))
		require.NoError(t, r.Until(ctxOf(t), func() bool {
			all := r.Invocations()
			return len(all) == 2 && len(all[1].Journal) > 0
		}))
		child := r.Invocations()[1].ID
		require.NoError(t, r.Cancel(parent))
		for _, id := range []string{parent, child} {
			_, err := r.Attach(ctxOf(t), id)
			var failed *runner.Error
			require.ErrorAs(t, err, &failed)
			require.EqualValues(t, 409, failed.Code)
		}
		require.Len(t, seen, 2)
	})
}

func TestKillingAnInvocationEndsWhatItCalled(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, cfg runner.Config) {
		blocked := make(chan struct{})
		r := start(t, cfg, restate.NewObject("Family").
			Handler("Parent", restate.NewObjectHandler(func(ctx restate.ObjectContext, _ restate.Void) (restate.Void, error) {
				return restate.Object[restate.Void](ctx, "Family", "child", "Child").Request(restate.Void{})
			})).
			Handler("Child", restate.NewObjectHandler(func(ctx restate.ObjectContext, _ restate.Void) (restate.Void, error) {
				return restate.Void{}, restate.RunVoid(ctx, func(ctx restate.RunContext) error {
					select {
					case blocked <- struct{}{}:
					case <-ctx.Done():
					}
					<-ctx.Done() // what a cut attempt's steps have, too
					return ctx.Err()
				})
			})))
		parent := send(t, r, request(t, "Family", "parent", "Parent", nil))
		<-blocked
		next := send(t, r, request(t, "Family", "parent", "Parent", nil))
		child := r.Invocations()[1].ID
		require.NoError(t, r.Kill(parent))
		for _, id := range []string{parent, child} {
			inv := await(t, r, id, runner.Completed)
			require.EqualValues(t, 409, inv.Err.Code)
			require.Equal(t, "killed", inv.Err.Message)
		}
		<-blocked // the object is free for the next one
		require.NoError(t, r.Kill(next))
		require.ErrorIs(t, r.Kill(next), runner.ErrEnded)
	})
}
