package deployment_test

import (
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/internal/testkit"
)

// A process of an old version may start again while the new one is being rolled out, or
// after it. It must not take its invocations, unless somebody rolls back.
func TestAnOlderBuildDoesNotTakeOver(t *testing.T) {
	t.Parallel()
	released := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		name       string
		inPlace    bool // at the same URL
		built      time.Duration
		mode       deployment.Mode
		superseded deployment.Superseded
		refused    bool
		action     deployment.Action
	}{
		{name: "at a URL of its own", built: -time.Hour, refused: true},
		{name: "at the same URL", inPlace: true, built: -time.Hour, refused: true},
		{name: "at a URL of its own that serves what is pinned, of which there is nothing", built: -time.Hour, superseded: deployment.ServePinned, refused: true},
		{name: "at the same URL that serves what is pinned", inPlace: true, built: -time.Hour, superseded: deployment.ServePinned, action: deployment.None},
		{name: "a rollback to a URL of its own", built: -time.Hour, superseded: deployment.TakeOver, action: deployment.Create},
		{name: "a rollback at the same URL", inPlace: true, built: -time.Hour, superseded: deployment.TakeOver, action: deployment.Replace},
		{name: "in development at a URL of its own", built: -time.Hour, mode: deployment.Development, action: deployment.Create},
		{name: "a newer build at a URL of its own", built: time.Hour, action: deployment.Create},
		{name: "a newer build at the same URL", inPlace: true, built: time.Hour, action: deployment.Replace},
		{name: "a build of the same commit at a URL of its own", action: deployment.Create},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			name := testkit.Unique("Built")
			start := func(app *endpoint, built time.Time, mode deployment.Mode, superseded deployment.Superseded) (deployment.Registration, error) {
				cfg := production(app)
				cfg.Application, cfg.Superseded = name, superseded
				if mode != "" {
					cfg.Mode = mode
				}
				registrar := newRegistrar(t, newClient(t, admin.Config{}), cfg, nil)
				deployment.BuiltAt(registrar, built)
				return registrar.Register(testkit.Context(t), app.at())
			}
			current := serve(t, service(name))
			_, err := start(current, released, "", "")
			require.NoError(t, err)

			other := restate.NewService(name).Handler("Echo", restate.NewServiceHandler(echo)).Handler("Other", restate.NewServiceHandler(echo))
			app := current
			if row.inPlace {
				app.deploy(t, other)
			} else {
				app = serve(t, other)
			}
			registration, err := start(app, released.Add(row.built), row.mode, row.superseded)
			if row.refused {
				var superseded *deployment.SupersededError
				require.ErrorAs(t, err, &superseded)
				require.Equal(t, fixed(current)+"/", superseded.Services[0].URL)
				require.ErrorContains(t, err, "to roll back, set Superseded: TakeOver")
				require.Equal(t, 1, testkit.ServiceOf(t, name).Revision, "something was registered")
				return
			}
			require.NoError(t, err)
			require.Equal(t, row.action, registration.Plan.Action)
		})
	}
}
