package runner_test

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/runner"
)

// counter is a virtual object that does something with each operation on state.
func counter(opts ...restate.ServiceDefinitionOption) restate.ServiceDefinition {
	return restate.NewObject("Counter", opts...).
		Handler("Add", restate.NewObjectHandler(func(ctx restate.ObjectContext, n int) (int, error) {
			sum, err := restate.Get[int](ctx, "sum")
			if err != nil {
				return 0, err
			}
			restate.Set(ctx, "sum", sum+n)
			restate.Set(ctx, "last", n)
			return sum + n, nil
		})).
		Handler("Forget", restate.NewObjectHandler(func(ctx restate.ObjectContext, key string) ([]string, error) {
			if key == "" {
				restate.ClearAll(ctx)
			} else {
				restate.Clear(ctx, key)
			}
			if err := restate.Sleep(ctx, time.Millisecond); err != nil {
				return nil, err
			}
			last, err := restate.Get[*int](ctx, "last") // in the next attempt, after what was cleared
			if err != nil {
				return nil, err
			}
			if last != nil {
				return []string{"last"}, nil
			}
			return []string{}, nil
		})).
		Handler("Keys", restate.NewObjectSharedHandler(func(ctx restate.ObjectSharedContext, _ restate.Void) ([]string, error) {
			return restate.Keys(ctx)
		}))
}

func TestStateIsKeptForEachKey(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]restate.ServiceDefinitionOption{
		"eager": nil,
		"lazy":  {restate.WithEnableLazyState(true)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBothModes(t, func(t *testing.T, cfg runner.Config) {
				r := start(t, cfg, counter(opts...))
				require.Equal(t, 3, call[int](t, r, "Counter", "a", "Add", 3))
				require.Equal(t, 7, call[int](t, r, "Counter", "a", "Add", 4))
				require.Equal(t, 1, call[int](t, r, "Counter", "b", "Add", 1))
				require.Equal(t, map[string][]byte{"sum": []byte("7"), "last": []byte("4")}, r.State("Counter", "a"))
				require.Equal(t, []string{"a", "b"}, r.Objects("Counter"))
				require.Equal(t, []string{"last", "sum"}, call[[]string](t, r, "Counter", "a", "Keys", nil))

				require.Equal(t, []string{"last"}, call[[]string](t, r, "Counter", "a", "Forget", "sum"))
				require.Equal(t, map[string][]byte{"last": []byte("4")}, r.State("Counter", "a"))
				require.Empty(t, call[[]string](t, r, "Counter", "a", "Forget", ""))
				require.Empty(t, r.State("Counter", "a"))
				require.Equal(t, map[string][]byte{"sum": []byte("1"), "last": []byte("1")}, r.State("Counter", "b"))

				journal := r.Invocations()[0].Journal
				if name == "lazy" {
					require.Equal(t, []string{
						"Command: Input", "Command: GetLazyState", "Notification: GetLazyState",
						"Command: SetState", "Command: SetState", "Command: Output",
					}, entries(runner.Invocation{Journal: journal}))
				} else {
					require.Equal(t, []string{
						"Command: Input", "Command: GetEagerState", "Command: SetState", "Command: SetState", "Command: Output",
					}, entries(runner.Invocation{Journal: journal}))
				}
			})
		})
	}
}

func TestStateThatIsSetFromOutsideIsWhatHandlersFind(t *testing.T) {
	t.Parallel()
	r := start(t, runner.Config{}, counter())
	r.SetState("Counter", "a", map[string][]byte{"sum": []byte("40"), "more": []byte(`"x"`)})
	require.Equal(t, 42, call[int](t, r, "Counter", "a", "Add", 2))
	require.Equal(t, map[string][]byte{"sum": []byte("42"), "last": []byte("2"), "more": []byte(`"x"`)}, r.State("Counter", "a"))
	r.SetState("Counter", "a", nil)
	require.Empty(t, r.State("Counter", "a"))
}

func TestAServiceAndASharedHandlerCannotWriteState(t *testing.T) {
	t.Parallel()
	r := start(t, runner.Config{ManualClock: true},
		restate.NewObject("Object").Handler("Write", restate.NewObjectSharedHandler(func(ctx restate.ObjectSharedContext, _ restate.Void) (restate.Void, error) {
			restate.Set(ctx.(restate.ObjectContext), "key", 1)
			return restate.Void{}, restate.Sleep(ctx, time.Second)
		})),
		restate.NewService("Service").Handler("Write", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (restate.Void, error) {
			restate.Set(ctx.(restate.ObjectContext), "key", 1)
			return restate.Void{}, restate.Sleep(ctx, time.Second)
		})))
	for key, want := range map[string]string{"k": "this handler type cannot write state", "": "this service type doesn't have state access"} {
		service := "Object"
		if key == "" {
			service = "Service"
		}
		inv := await(t, r, send(t, r, request(t, service, key, "Write", nil)), runner.BackingOff)
		require.ErrorContains(t, errors.New(inv.LastFailure.Message), want)
		require.EqualValues(t, 1, *inv.LastFailure.Command)
		require.Empty(t, r.State(service, key))
	}
}

func TestExclusiveHandlersOfAKeyRunOneAtATimeInTheirOrder(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, cfg runner.Config) {
		var mu sync.Mutex
		var order []int
		var inside atomic.Int32
		r := start(t, cfg, restate.NewObject("Queue").Handler("Join", restate.NewObjectHandler(func(ctx restate.ObjectContext, n int) (restate.Void, error) {
			if _, err := restate.Run(ctx, func(restate.RunContext) (restate.Void, error) {
				if inside.Add(1) != 1 {
					return restate.Void{}, errors.New("two at a time")
				}
				mu.Lock()
				defer mu.Unlock()
				order = append(order, n)
				return restate.Void{}, nil
			}); err != nil {
				return restate.Void{}, err
			}
			if err := restate.Sleep(ctx, time.Minute); err != nil {
				return restate.Void{}, err
			}
			_, err := restate.Run(ctx, func(restate.RunContext) (restate.Void, error) {
				inside.Add(-1)
				return restate.Void{}, nil
			})
			return restate.Void{}, err
		})))
		var sent []string
		for n := range 5 {
			sent = append(sent, send(t, r, request(t, "Queue", "k", "Join", n)))
		}
		inv, err := r.Invocation(sent[4])
		require.NoError(t, err)
		require.Equal(t, runner.Pending, inv.Status)
		require.Empty(t, inv.Journal)

		// One that is cancelled while it waits for its turn never runs.
		require.NoError(t, r.Cancel(sent[2]))
		for i, id := range sent {
			_, err := r.Attach(ctxOf(t), id)
			if i == 2 {
				require.ErrorIs(t, err, runner.ErrUnknown, "a server forgets it at once")
				continue
			}
			require.NoError(t, err)
		}
		require.Equal(t, []int{0, 1, 3, 4}, order)
	})
}

func TestSharedHandlersRunBesideAnExclusiveOne(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, cfg runner.Config) {
		r := start(t, cfg, restate.NewObject("Door").
			Handler("Wait", restate.NewObjectHandler(func(ctx restate.ObjectContext, _ restate.Void) (string, error) {
				a := restate.Awakeable[string](ctx)
				restate.Set(ctx, "id", a.Id())
				return a.Result()
			})).
			Handler("Open", restate.NewObjectSharedHandler(func(ctx restate.ObjectSharedContext, with string) (restate.Void, error) {
				id, err := restate.Get[string](ctx, "id")
				if err != nil {
					return restate.Void{}, err
				}
				restate.ResolveAwakeable(ctx, id, with)
				return restate.Void{}, nil
			})))
		id := send(t, r, request(t, "Door", "k", "Wait", nil))
		require.NoError(t, r.Until(ctxOf(t), func() bool { return len(r.State("Door", "k")) > 0 }))

		// A change from outside waits for its turn.
		r.SetState("Door", "k", map[string][]byte{"later": []byte("1")})
		require.NotContains(t, r.State("Door", "k"), "later")

		call[any](t, r, "Door", "k", "Open", "sesame")
		out, err := r.Attach(ctxOf(t), id)
		require.NoError(t, err)
		require.Equal(t, `"sesame"`, string(out))
		require.Equal(t, map[string][]byte{"later": []byte("1")}, r.State("Door", "k"))
		require.True(t, slices.Contains(entries(r.Invocations()[0]), "Notification: Signal"))
	})
}
