package restatetest_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

func TestAnApplicationComesBackWithoutItsMemory(t *testing.T) {
	t.Parallel()
	for name, again := range map[string]func(*restatetest.Env){
		"restarted": (*restatetest.Env).RestartApp,
		"killed and started": func(env *restatetest.Env) {
			env.KillApp()
			env.StartApp()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := restatetest.Start(t, counters())
			require.Equal(t, Counted{2, 1}, add(t, env, "ada", 2))
			require.Equal(t, Counted{3, 2}, add(t, env, "ada", 1))
			again(env)
			require.Equal(t, Counted{4, 1}, add(t, env, "ada", 1), "the state is there, and the memory is not")
			deployments, err := env.Admin().Deployments(t.Context())
			require.NoError(t, err)
			require.Len(t, deployments, 1, "it is at the same address")
		})
	}
}

func TestAnInvocationGoesOnAfterACrash(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ down, up func(*restatetest.Env) }{
		"of the application": {(*restatetest.Env).KillApp, (*restatetest.Env).StartApp},
		"of the server":      {(*restatetest.Env).KillServer, (*restatetest.Env).StartServer},
		"of both": {func(env *restatetest.Env) {
			env.KillApp()
			env.KillServer()
		}, func(env *restatetest.Env) {
			env.StartServer()
			env.StartApp()
		}},
		"of the server, at once": {(*restatetest.Env).RestartServer, func(*restatetest.Env) {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := restatetest.Start(t, counters())
			handle, err := ingress.Send(t.Context(), counter(env, "ada"), (*Counter).AddLate, time.Second)
			require.NoError(t, err)
			invocation := env.InvocationOf(handle)
			invocation.AwaitEntry("Sleep")
			tt.down(env)
			tt.up(env)
			// The one that waits for the same key comes after it.
			require.Equal(t, 11, add(t, env, "ada", 10).Sum)
			require.Equal(t, admin.StatusCompleted, invocation.Status())
		})
	}
}

func TestNobodyIsServedByAKilledApplication(t *testing.T) {
	t.Parallel()
	env := restatetest.Start(t, counters())
	env.KillApp()
	handle, err := ingress.Send(t.Context(), counter(env, "ada"), (*Counter).Add, 1)
	require.NoError(t, err)
	invocation := env.InvocationOf(handle)
	require.Equal(t, admin.StatusBackingOff, invocation.AwaitRetries(2).Status)
	require.GreaterOrEqual(t, invocation.Retries(), 2)
	require.NotEmpty(t, invocation.LastFailure())
	env.StartApp()
	now, err := handle.Attach(t.Context())
	require.NoError(t, err)
	require.Equal(t, Counted{1, 1}, now)
}

func TestAClusterSurvivesTheLossOfANode(t *testing.T) {
	t.Parallel()
	env := restatetest.Start(t, counters(), restatetest.Cluster(3))
	require.Equal(t, 1, add(t, env, "ada", 1).Sum)
	for node := range 3 {
		env.KillNode(node)
		env.Eventually(func() error {
			// The node that is lost never answers what was asked through it.
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			_, err := ingress.Call(ctx, counter(env, "ada"), (*Counter).Add, 0)
			return err
		})
		require.Equal(t, node+2, add(t, env, "ada", 1).Sum)
		env.StartNode(node)
	}
	env.RestartServer()
	require.Equal(t, 5, add(t, env, "ada", 1).Sum)
}

func TestAHandlerAroundTheEndpointIsMadeForEachApplication(t *testing.T) {
	t.Parallel()
	var made, passed atomic.Int64
	env := restatetest.Start(t, counters(), restatetest.WrapHandler(func(endpoint http.Handler) http.Handler {
		made.Add(1)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/invoke/") {
				passed.Add(1)
			}
			endpoint.ServeHTTP(w, r)
		})
	}))
	add(t, env, "ada", 1)
	require.EqualValues(t, 1, passed.Load())
	require.EqualValues(t, 1, made.Load())
	env.KillApp()
	env.StartApp()
	require.EqualValues(t, 2, made.Load())
	add(t, env, "ada", 1)
	require.EqualValues(t, 2, passed.Load())
}
