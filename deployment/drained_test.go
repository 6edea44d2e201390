package deployment_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/internal/testkit"
)

// held is a service whose handler is in the status that its input asks for.
func held(name string, on chan struct{}, handlers ...string) restate.ServiceDefinition {
	def := restate.NewService(name,
		restate.WithInactivityTimeout(50*time.Millisecond),
		restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(time.Hour), restate.WithMaxRetryInterval(time.Hour)),
	).Handler("Hold", restate.NewServiceHandler(func(ctx restate.Context, status string) (restate.Void, error) {
		if _, err := restate.Run(ctx, func(restate.RunContext) (int, error) { return 1, nil }, restate.WithName("begin")); err != nil {
			return restate.Void{}, err
		}
		switch status {
		case "running":
			_, err := restate.Run(ctx, func(ctx restate.RunContext) (int, error) {
				select {
				case <-on:
				case <-ctx.Done():
				}
				return 1, ctx.Err()
			})
			return restate.Void{}, err
		case "suspended":
			return restate.Void{}, restate.Sleep(ctx, time.Hour)
		default:
			return restate.Void{}, fmt.Errorf("not now")
		}
	}))
	for _, h := range handlers {
		def.Handler(h, restate.NewServiceHandler(echo))
	}
	return def
}

// A deployment that has been superseded is deleted as soon as nothing is in flight on it,
// whatever the status of the last invocation.
func TestOnlyDrainedDeploymentsAreDeleted(t *testing.T) {
	t.Parallel()
	for _, status := range []admin.InvocationStatus{admin.StatusRunning, admin.StatusSuspended, admin.StatusBackingOff, admin.StatusPaused} {
		t.Run(string(status), func(t *testing.T) {
			t.Parallel()
			ctx, client, on := testkit.Context(t), newClient(t, admin.Config{}), make(chan struct{})
			name := testkit.Unique("Drained")
			old, fresh := serve(t, held(name, on)), serve(t, held(name, on, "More"))
			cfg := deployment.Config{Mode: deployment.Production, Application: name, URL: fixed(old)}
			first := register(t, cfg, old.at())
			// Another application has a deployment that serves nothing any more, too.
			foreign := serve(t, service(name))
			other := register(t, deployment.Config{Application: name + "-other", URL: fixed(foreign)}, foreign.at())
			register(t, deployment.Config{Application: name, URL: fixed(old)}, old.at())
			id := testkit.Submit(t, testkit.Path(name, "Hold"), string(status))
			t.Cleanup(func() { _ = client.KillInvocation(context.Background(), id) })
			if status == admin.StatusPaused {
				testkit.AwaitStatus(t, id, string(admin.StatusBackingOff))
				require.NoError(t, client.PauseInvocation(ctx, id))
			}
			testkit.Eventually(t, func() error {
				if now := testkit.AwaitStatus(t, id, string(status)); now.Deployment != first.DeploymentID {
					return fmt.Errorf("it is not bound yet")
				}
				return nil
			})

			cfg.URL = fixed(fresh)
			registrar := newRegistrar(t, client, cfg, nil)
			second, err := registrar.Register(ctx, fresh.at())
			require.NoError(t, err)
			deleted, left, err := registrar.DeleteDrained(ctx, fresh.at())
			require.NoError(t, err)
			require.Empty(t, deleted)
			require.Equal(t, 1, left)

			short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
			defer cancel()
			var log logLines
			err = deployment.AwaitDrained(short, client, first.DeploymentID, log.logger())
			require.ErrorIs(t, err, context.DeadlineExceeded)
			if len(log.all()) > 0 { // the query may take longer than that
				require.ErrorContains(t, err, "with 1 invocations in flight: "+name+"/Hold 1")
				require.Contains(t, log.all()[0], "waiting for a deployment to drain")
			}

			require.NoError(t, client.KillInvocation(ctx, id)) // while it is held: it would complete
			close(on)
			require.NoError(t, deployment.AwaitDrained(ctx, client, first.DeploymentID, nil))
			deleted, left, err = registrar.DeleteDrained(ctx, fresh.at())
			require.NoError(t, err)
			require.Empty(t, deleted, "its process is still there")
			require.Equal(t, 1, left)
			old.stop()
			deleted, left, err = registrar.DeleteDrained(ctx, fresh.at())
			require.NoError(t, err)
			require.Equal(t, []string{first.DeploymentID}, deleted)
			require.Zero(t, left)
			_, err = client.Deployment(ctx, first.DeploymentID)
			require.ErrorContains(t, err, "404")
			for _, stays := range []string{second.DeploymentID, other.DeploymentID} {
				_, err = client.Deployment(ctx, stays)
				require.NoError(t, err)
			}
		})
	}
}

// A deployment that is deleted by two processes at once is no error of either.
func TestDeploymentThatAnotherProcessDeletesIsNoError(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("Twice")
	old, fresh := serve(t, service(name)), serve(t, service(name))
	cfg := deployment.Config{Application: name, URL: fixed(old)}
	first := register(t, cfg, old.at())
	cfg.URL = fixed(fresh)
	register(t, cfg, fresh.at())
	old.stop()
	direct := newClient(t, admin.Config{})
	gate := newGateway(t, nil)
	gate.intercept = func(_ http.ResponseWriter, call adminCall) bool {
		if strings.HasPrefix(call.line, "DELETE ") {
			_ = direct.DeleteDeployment(context.Background(), first.DeploymentID, true)
		}
		return false
	}
	_, left, err := newRegistrar(t, newClient(t, admin.Config{URL: gate.url}), cfg, nil).DeleteDrained(testkit.Context(t), fresh.at())
	require.NoError(t, err)
	require.Zero(t, left)
}
