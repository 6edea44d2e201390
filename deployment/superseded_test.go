package deployment_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/internal/testkit"
)

// Version 1 comes back at its own URL after version 2 was registered at another: a
// rollback, or an old process that starts again while it drains.
func TestRollbackToAURLThatTheServerKnows(t *testing.T) {
	t.Parallel()
	const development, production = deployment.Development, deployment.Production
	for _, row := range []struct {
		name   string
		mode   deployment.Mode
		policy deployment.Superseded
		action deployment.Action // "": refused
	}{
		{"development takes over", development, "", deployment.Reclaim},
		{"development refuses if told to", development, deployment.RefuseSuperseded, ""},
		{"development serves what began there if told to", development, deployment.ServePinned, deployment.None},
		{"production refuses", production, "", ""},
		{"production takes over if told to", production, deployment.TakeOver, deployment.Reclaim},
		{"production serves what began there if told to", production, deployment.ServePinned, deployment.None},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			name := testkit.Unique("Rolled")
			one, two := serve(t, waiting(name)), serve(t, waiting(name, "More"))
			cfg := deployment.Config{Mode: row.mode, URL: fixed(one), Application: name}
			first := register(t, cfg, one.at())
			pinned := beginWaiting(t, name)
			cfg.URL = fixed(two)
			second := register(t, cfg, two.at())

			cfg.URL, cfg.Superseded = fixed(one), row.policy
			gate := newGateway(t, nil)
			var log logLines
			registration, err := newRegistrar(t, newClient(t, admin.Config{URL: gate.url}), cfg, log.logger()).Register(testkit.Context(t), one.at())
			serves := second
			switch row.action {
			case "":
				var superseded *deployment.SupersededError
				require.ErrorAs(t, err, &superseded)
				require.Equal(t, []deployment.NotServed{{Name: name, DeploymentID: second.DeploymentID, URL: second.URL}}, superseded.Services)
				require.ErrorContains(t, err, "1 attempt in")
				require.ErrorContains(t, err, "set Superseded: TakeOver")
			case deployment.None:
				require.NoError(t, err)
				require.Empty(t, registration.Revisions, "new invocations go elsewhere")
				require.Contains(t, log.all()[0], "serving only the invocations that began here")
				require.Contains(t, log.all()[0], second.URL)
			default:
				require.NoError(t, err)
				require.Equal(t, map[string]int{name: 3}, registration.Revisions)
				serves = first
			}
			require.Equal(t, row.action, registration.Plan.Action)
			require.Equal(t, serves.DeploymentID, testkit.ServiceOf(t, name).DeploymentID)
			require.Equal(t, first.DeploymentID, testkit.Look(t, pinned).Deployment)
			calls, _ := gate.made("")
			if row.action != deployment.Reclaim {
				require.Equal(t, []string{"GET /deployments"}, lines(calls))
			}
		})
	}
}
