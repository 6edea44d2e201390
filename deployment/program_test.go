package deployment_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/internal/testkit"
)

// The command line registers what another program serves.
func TestAProgramMayRegisterAnotherOne(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{})
	built := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	register := func(e *endpoint, program *deployment.Program) (map[string]string, error) {
		at := e.at()
		at.Program = program
		r, err := newRegistrar(t, client, deployment.Config{Mode: deployment.Production}, nil).Register(testkit.Context(t), at)
		if err != nil {
			return nil, err
		}
		d, err := client.Deployment(testkit.Context(t), r.DeploymentID)
		require.NoError(t, err)
		return d.Metadata, nil
	}
	name := testkit.Unique("Programs")
	metadata, err := register(serve(t, service(name)), &deployment.Program{Application: "shop", Built: built})
	require.NoError(t, err)
	require.Equal(t, "shop", metadata[deployment.ApplicationKey])
	require.Equal(t, "2026-11-01T12:00:00Z", metadata[deployment.BuiltKey])

	_, err = register(serve(t, service(name)), &deployment.Program{Application: "shop", Built: built.Add(-time.Hour)})
	var superseded *deployment.SupersededError
	require.ErrorAs(t, err, &superseded, "it is older")

	_, err = register(serve(t, service(name)), &deployment.Program{})
	var other *deployment.OtherApplicationError
	require.ErrorAs(t, err, &other, "an unknown application does not take services over")
}

func TestAnUnknownApplicationOwnsNoDeploymentWithOtherServices(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{})
	e := serve(t, service(testkit.Unique("Unknown")))
	register := func() (deployment.Registration, error) {
		at := e.at()
		at.Program = &deployment.Program{}
		return newRegistrar(t, client, deployment.Config{Mode: deployment.Production}, nil).Register(testkit.Context(t), at)
	}
	first, err := register()
	require.NoError(t, err)
	d, err := client.Deployment(testkit.Context(t), first.DeploymentID)
	require.NoError(t, err)
	require.NotContains(t, d.Metadata, deployment.ApplicationKey)
	require.NotContains(t, d.Metadata, deployment.BuiltKey)

	again, err := register()
	require.NoError(t, err)
	require.Equal(t, deployment.None, again.Plan.Action)

	e.deploy(t, service(testkit.Unique("Unknown")))
	_, err = register()
	var other *deployment.OtherApplicationError
	require.ErrorAs(t, err, &other)
}

func TestCheckAsksTheServerAndRegistersNothing(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("Checked")
	e := serve(t, service(name))
	registrar := newRegistrar(t, newClient(t, admin.Config{}), deployment.Config{}, nil)
	found, err := registrar.Check(testkit.Context(t), e.at())
	require.NoError(t, err)
	require.Len(t, found.Services, 1)
	require.Equal(t, name, found.Services[0].Name)
	require.False(t, testkit.Known(t, name))

	before := e.at()
	e.deploy(t, number(name))
	found, err = registrar.Check(testkit.Context(t), before)
	var mismatch *deployment.MismatchError
	require.ErrorAs(t, err, &mismatch)
	require.Equal(t, []string{"input schema of " + name + "/Echo", "output schema of " + name + "/Echo"}, mismatch.Different)
	require.Len(t, found.Services, 1, "the answer is there")
}
