package restatetest_test

import (
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

// oneServer are settings that no other test has, so that the tests of one share a server.
func oneServer(env map[string]string) restatetest.Option { return restatetest.ServerEnv(env) }

func TestATestFindsNothingOfTheOneBefore(t *testing.T) {
	t.Parallel()
	option := oneServer(map[string]string{"RESTATE_DEFAULT_NUM_PARTITIONS": "3"})
	broken := new(atomic.Bool)
	broken.Store(true)
	var url string
	leave := map[string]func(*testing.T){
		"state, and one that sleeps, and one that waits for it": func(t *testing.T) {
			env := restatetest.Start(t, counters(), option)
			url = env.AdminURL()
			add(t, env, "ada", 7)
			first, err := ingress.Send(t.Context(), counter(env, "ada"), (*Counter).AddLate, 24*time.Hour)
			require.NoError(t, err)
			env.InvocationOf(first).AwaitEntry("Sleep")
			second, err := ingress.Send(t.Context(), counter(env, "ada"), (*Counter).Add, 1)
			require.NoError(t, err)
			env.InvocationOf(second).AwaitStatus(admin.StatusPending)
		},
		"a delayed one and an idempotency key": func(t *testing.T) {
			env := restatetest.Start(t, counters(), option)
			_, err := ingress.Send(t.Context(), counter(env, "ada"), (*Counter).Add, 1, restate.WithDelay(24*time.Hour))
			require.NoError(t, err)
			_, err = ingress.Call(t.Context(), counter(env, "bob"), (*Counter).Add, 1, restate.WithIdempotencyKey("once"))
			require.NoError(t, err)
		},
		"one that is retried, and one that is paused": func(t *testing.T) {
			env := restatetest.Start(t, steps(broken), option)
			service := ingress.NewService[*Steps](env.Ingress())
			for _, pause := range []bool{false, true} {
				handle, err := ingress.Send0(t.Context(), service, (*Steps).Try)
				require.NoError(t, err)
				invocation := env.InvocationOf(handle)
				invocation.AwaitRetries(1)
				if pause {
					invocation.Pause()
					invocation.AwaitStatus(admin.StatusPaused)
				}
			}
		},
		"a workflow with a promise, and one that is done": func(t *testing.T) {
			env := restatetest.Start(t, signups(), option)
			flows := ingress.NewWorkflow[*Signup](env.Ingress())
			done, err := ingress.Send(t.Context(), flows.ID("done"), (*Signup).Run, "ada")
			require.NoError(t, err)
			require.NoError(t, ingress.CallVoid(t.Context(), flows.ID("done"), (*Signup).Confirm, "bob"))
			by, err := done.Attach(t.Context())
			require.NoError(t, err)
			require.Equal(t, "bob", by)
			waits, err := ingress.Send(t.Context(), flows.ID("waits"), (*Signup).Run, "ada")
			require.NoError(t, err)
			env.InvocationOf(waits).AwaitEntry("GetPromise confirmed")
		},
	}
	for name, do := range leave {
		t.Run("left: "+name, do)
		t.Run("nothing is left of "+name, func(t *testing.T) {
			env := restatetest.Start(t, counters(), option)
			if url != "" {
				require.Equal(t, url, env.AdminURL(), "it is the same server")
			}
			url = env.AdminURL()
			for _, table := range []string{"sys_invocation", "sys_journal", "sys_inbox", "sys_promise", "state", "sys_keyed_service_status"} {
				rows, err := admin.Query[map[string]any](t.Context(), env.Admin(), "SELECT * FROM "+table)
				require.NoError(t, err)
				require.Empty(t, rows, table)
			}
			services, err := env.Admin().Services(t.Context())
			require.NoError(t, err)
			require.Len(t, services, 1)
			require.Equal(t, "counter", services[0].Name)
			require.Equal(t, 1, add(t, env, "ada", 1).Sum)
			now, err := ingress.Call(t.Context(), counter(env, "bob"), (*Counter).Add, 5, restate.WithIdempotencyKey("once"))
			require.NoError(t, err)
			require.Equal(t, 5, now.Sum)
		})
	}
}

func TestAPrivateServerIsUsedOnce(t *testing.T) {
	t.Parallel()
	option := oneServer(map[string]string{"RESTATE_DEFAULT_NUM_PARTITIONS": "5"})
	seen := map[string]bool{}
	for range 2 {
		t.Run("private", func(t *testing.T) {
			env := restatetest.Start(t, counters(), option, restatetest.Private)
			require.False(t, seen[env.AdminURL()])
			seen[env.AdminURL()] = true
		})
	}
	t.Run("shared", func(t *testing.T) {
		env := restatetest.Start(t, counters(), option)
		require.False(t, seen[env.AdminURL()])
	})
}

func TestAServerThatATestHasKilledIsNotUsedAgain(t *testing.T) {
	t.Parallel()
	option := oneServer(map[string]string{"RESTATE_DEFAULT_NUM_PARTITIONS": "6"})
	t.Run("killed", func(t *testing.T) {
		env := restatetest.Start(t, counters(), option)
		env.KillServer()
	})
	t.Run("the next test", func(t *testing.T) {
		env := restatetest.Start(t, counters(), option)
		require.Equal(t, 1, add(t, env, "ada", 1).Sum)
	})
}
