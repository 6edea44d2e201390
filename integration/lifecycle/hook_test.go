package lifecycle_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/integration/internal/sample"
	"github.com/fxrestate/go/internal/testkit"
)

// A hook that never returns ends with the start, and is not called again.
func TestHookThatNeverReturnsIsBoundedByTheStart(t *testing.T) {
	t.Parallel()
	for name, required := range map[string]bool{"and fails it if the registration is required": true, "and is logged if it is not": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service, addr := testkit.Unique("job"), testkit.StableAddr(t)
			app := func(revision string, hook deployment.OnMetadataChange) *testkit.App {
				cfg := testkit.Config()
				cfg.Endpoint.Addr, cfg.Register.URL = addr, "http://"+addr
				cfg.Register.Required, cfg.Register.OnDeploymentMetadataChange = required, hook
				return testkit.Build(t, fx.Supply(cfg), fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(service), restate.WithMetadata("revision", revision)))
			}
			first := app("1", nil)
			first.RequireStart()
			first.RequireStop()

			var called atomic.Int32
			released := make(chan struct{})
			defer close(released)
			second := app("2", func(context.Context, []deployment.MetadataChange, *admin.Client) error {
				called.Add(1)
				<-released
				return nil
			})
			began := time.Now()
			err := second.Start(testkit.NearDeadline(t, 5*time.Second))
			require.Less(t, time.Since(began), time.Minute)
			const says = "OnDeploymentMetadataChange aborted the registration"
			if required {
				require.ErrorContains(t, err, says)
				require.ErrorContains(t, err, "it has not returned")
				require.NoError(t, testkit.Refused(second.URL()), "nothing is left running")
			} else {
				require.NoError(t, err)
				t.Cleanup(second.RequireStop)
				lines := second.Lines("not registered; the application serves what is registered already")
				require.Len(t, lines, 1)
				require.Contains(t, lines[0].ContextMap()["error"], says)
				require.ErrorContains(t, second.Health.Ready(), says)
				require.Equal(t, http.StatusOK, testkit.Request(t, http.MethodGet, second.URL()+"/health", nil).Status, "it serves")
				time.Sleep(time.Second) // in which a second attempt in the background would begin
			}
			require.EqualValues(t, 1, called.Load())
			require.Equal(t, 1, testkit.ServiceOf(t, service).Revision)
		})
	}
}
