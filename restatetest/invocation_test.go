package restatetest_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

func TestAnInvocationIsLookedAt(t *testing.T) {
	t.Parallel()
	broken := new(atomic.Bool)
	env := restatetest.Start(t, steps(broken), restatetest.Within(time.Minute))
	service := ingress.NewService[*Steps](env.Ingress())
	send := func(t *testing.T, env *restatetest.Env, method func(*Steps, restate.Context) (string, error)) (*restatetest.Invocation, ingress.Handle[string]) {
		handle, err := ingress.Send0(t.Context(), service, method)
		require.NoError(t, err)
		return env.InvocationOf(handle), handle
	}

	t.Run("when it has completed", func(t *testing.T) {
		env := env.With(t)
		invocation, handle := send(t, env, (*Steps).Tell)
		_, err := handle.Attach(t.Context())
		require.NoError(t, err)
		now := invocation.Info()
		require.Equal(t, admin.StatusCompleted, now.Status)
		require.Equal(t, "Steps", now.Service)
		require.Equal(t, "Tell", now.Handler)
		require.Equal(t, invocation.ID(), now.ID)
		require.Empty(t, invocation.LastFailure())
		require.Zero(t, invocation.Retries())
		var journal []string
		for i, e := range invocation.Journal() {
			require.Equal(t, i, e.Index)
			journal = append(journal, e.String())
		}
		require.Equal(t, []string{"Input", "Run look", "Notification: Run", "Output"}, journal)
		run := invocation.AwaitEntry("Run look")
		require.JSONEq(t, `{"Command":{"Run":{"completion_id":1,"name":"look"}}}`, string(run.Content))
		require.NotEmpty(t, run.Raw)
	})
	t.Run("when it waits", func(t *testing.T) {
		env := env.With(t)
		handle, err := ingress.Send0Void(t.Context(), service, (*Steps).Wait)
		require.NoError(t, err)
		invocation := env.InvocationOf(handle)
		invocation.AwaitEntry("Sleep")
		require.Contains(t, []admin.InvocationStatus{admin.StatusRunning, admin.StatusSuspended}, invocation.Status())
		invocation.Cancel()
		invocation.AwaitStatus(admin.StatusCompleted)
		require.Contains(t, strings.ToLower(invocation.LastFailure()), "cancelled")
		invocation.Purge()
		env.Until(func() bool {
			for _, i := range env.Invocations("Steps") {
				if i.ID == invocation.ID() {
					return false
				}
			}
			return true
		}, "the invocation is gone")
	})
	t.Run("when it is killed", func(t *testing.T) {
		env := env.With(t)
		handle, err := ingress.Send0Void(t.Context(), service, (*Steps).Wait)
		require.NoError(t, err)
		invocation := env.InvocationOf(handle)
		invocation.AwaitEntry("Sleep")
		invocation.Kill()
		invocation.AwaitStatus(admin.StatusCompleted)
		require.Contains(t, invocation.LastFailure(), "killed")
	})
	t.Run("when it fails, is paused and resumed", func(t *testing.T) {
		env := env.With(t)
		broken.Store(true)
		invocation, handle := send(t, env, (*Steps).Try)
		invocation.AwaitRetries(2)
		require.GreaterOrEqual(t, invocation.Retries(), 2)
		require.Contains(t, invocation.LastFailure(), errBroken.Error())
		invocation.Pause()
		invocation.AwaitStatus(admin.StatusPaused)
		broken.Store(false)
		invocation.Resume()
		said, err := handle.Attach(t.Context())
		require.NoError(t, err)
		require.Equal(t, "fine", said)
	})
	t.Run("among all", func(t *testing.T) {
		env := env.With(t)
		require.NotEmpty(t, env.Invocations())
		require.Len(t, env.Invocations("Steps"), len(env.Invocations()))
		require.Empty(t, env.Invocations("Other"))
	})
}
