package deployment_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/internal/testkit"
)

func TestDriftIsHowTheServerDiffersFromTheProcess(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{})
	shared, alone := testkit.Unique("shared"), testkit.Unique("alone")
	ours := serve(t, service(shared), service(alone))
	drift := func(id string) deployment.Drift {
		services, err := client.Services(t.Context())
		require.NoError(t, err)
		deployments, err := client.Deployments(t.Context())
		require.NoError(t, err)
		d, err := deployment.DriftOf(ours.at().Manifest, id, services, deployments)
		require.NoError(t, err)
		return d
	}
	require.Equal(t, []deployment.NotServed{{Name: alone}, {Name: shared}}, drift("").NotServed, "the server knows neither")
	require.Empty(t, drift("").Missing)

	registered, err := newRegistrar(t, client, deployment.Config{}, nil).Register(testkit.Context(t), ours.at())
	require.NoError(t, err)
	require.Zero(t, drift(registered.DeploymentID))
	require.Empty(t, drift(registered.DeploymentID).Lines())

	theirs := serve(t, number(shared))
	other, err := newRegistrar(t, client, deployment.Config{}, nil).Register(testkit.Context(t), theirs.at())
	require.NoError(t, err)
	require.Equal(t, []deployment.NotServed{{Name: shared, DeploymentID: other.DeploymentID, URL: other.URL}}, drift(registered.DeploymentID).NotServed)
	require.Empty(t, drift("").NotServed, "somebody serves it")
	require.Equal(t, []string{"input schema of " + shared + "/Echo", "output schema of " + shared + "/Echo"}, drift("").Different)

	_, err = deployment.DriftOf([]byte("{"), "", nil, nil)
	require.ErrorContains(t, err, "deployment: manifest: ")
}
