package deployment_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/internal/testkit"
)

func TestDeploymentThatTookAServiceOverIsNamed(t *testing.T) {
	t.Parallel()
	direct := newClient(t, admin.Config{})
	ours := serve(t, service("Contested"), service("Uncontested"))
	theirs := serve(t, service("Contested"))
	var other atomic.Value
	// Another process registers between our registration and our check.
	gate := newGateway(t, func(_ http.ResponseWriter, call adminCall) bool {
		if call.line == "POST /query" && other.Load() == nil {
			registered, err := direct.RegisterDeployment(t.Context(), admin.RegisterDeploymentRequest{
				URI: fmt.Sprintf("http://%s:%d", testkit.Server().EndpointHost(), theirs.port), Force: true,
			})
			if err == nil {
				other.Store(registered.ID)
			}
		}
		return false
	})
	_, err := newRegistrar(t, newClient(t, admin.Config{URL: gate.url}), deployment.Config{}, nil).
		Register(testkit.Context(t), deployment.Endpoint{Port: ours.port, Services: []string{"Uncontested", "Contested"}})

	var failed *deployment.NotServedError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, []deployment.NotServed{{
		Name:         "Contested",
		DeploymentID: other.Load().(string),
		URL:          fmt.Sprintf("http://%s:%d/", testkit.Server().EndpointHost(), theirs.port),
	}}, failed.Services)
	require.ErrorContains(t, err, fmt.Sprintf("%q is served by %s at %s", "Contested", failed.Services[0].DeploymentID, failed.Services[0].URL))
	require.ErrorContains(t, err, "deployment: register http://")
	require.NotContains(t, err.Error(), "Uncontested")
	_, posts := gate.made("POST /deployments")
	require.Len(t, posts, 1, "a contest must not be fought by registering again and again")
}

func TestServiceThatTheEndpointDoesNotHaveIsNamed(t *testing.T) {
	t.Parallel()
	_, err := newRegistrar(t, newClient(t, admin.Config{}), deployment.Config{}, nil).
		Register(testkit.Context(t), deployment.Endpoint{Port: serve(t, service("Present")).port, Services: []string{"Present", "Absent"}})
	var failed *deployment.NotServedError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, []deployment.NotServed{{Name: "Absent"}}, failed.Services)
	require.ErrorContains(t, err, `"Absent" is not known to the server`)
}

func TestServicesAddedWithoutForceAreMissed(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{})
	listener := serve(t, service("Old"))
	_, err := newRegistrar(t, client, deployment.Config{}, nil).
		Register(testkit.Context(t), deployment.Endpoint{Port: listener.port, Services: []string{"Old"}})
	require.NoError(t, err)
	_, err = newRegistrar(t, client, deployment.Config{Force: new(false)}, nil).
		Register(testkit.Context(t), deployment.Endpoint{Port: listener.port, Services: []string{"Old", "New"}})
	require.ErrorContains(t, err, `"New" is not known to the server`)
	require.ErrorContains(t, err, "Force false?")
}

func TestNodeThatLearnsLateIsAskedAgain(t *testing.T) {
	t.Parallel()
	var looks atomic.Int32
	gate := newGateway(t, func(w http.ResponseWriter, call adminCall) bool {
		if call.line != "POST /query" || looks.Add(1) > 2 {
			return false
		}
		fmt.Fprint(w, `{"rows":[]}`)
		return true
	})
	registration, err := newRegistrar(t, newClient(t, admin.Config{URL: gate.url}), deployment.Config{}, nil).
		Register(testkit.Context(t), deployment.Endpoint{Port: serve(t, service("Late")).port, Services: []string{"Late"}})
	require.NoError(t, err)
	require.Equal(t, map[string]int{"Late": 1}, registration.Revisions)
	require.EqualValues(t, 3, looks.Load())
}
