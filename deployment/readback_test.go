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
	registering := make(chan struct{}, 1)
	gate := newGateway(t, func(_ http.ResponseWriter, call adminCall) bool {
		if call.line == "POST /deployments" {
			registering <- struct{}{}
		}
		if call.line == "GET /deployments" && len(registering) > 0 && other.Load() == nil {
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
		Register(testkit.Context(t), ours.at())

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

func TestAnotherVersionBehindTheURLIsNamed(t *testing.T) {
	t.Parallel()
	theirs, ours := serve(t, service("Present"), service("Theirs")), serve(t, service("Present"), service("Absent"))
	_, err := newRegistrar(t, newClient(t, admin.Config{}), deployment.Config{}, nil).
		Register(testkit.Context(t), deployment.Endpoint{Port: theirs.port, Manifest: ours.manifest})
	var failed *deployment.MismatchError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, []string{"Absent/Echo"}, failed.Missing)
	require.Equal(t, []string{"Theirs/Echo"}, failed.Unexpected)
	require.ErrorContains(t, err, `without "Absent/Echo", and with "Theirs/Echo" too: does the URL lead to a process of another version?`)
}

func TestAnotherProcessThatRegistersTheSameURLIsNamed(t *testing.T) {
	t.Parallel()
	direct := newClient(t, admin.Config{})
	ours := serve(t, service("SameURL"))
	registered := make(chan string, 1)
	gate := newGateway(t, func(_ http.ResponseWriter, call adminCall) bool {
		if call.line == "GET /deployments" && len(registered) > 0 {
			<-registered
			_, _ = direct.RegisterDeployment(t.Context(), admin.RegisterDeploymentRequest{
				URI: fmt.Sprintf("http://%s:%d", testkit.Server().EndpointHost(), ours.port), Force: true,
				Metadata: map[string]string{deployment.ApplicationKey: "other", deployment.InterfaceHashKey: "sha256:0"},
			})
		}
		if call.line == "POST /deployments" {
			registered <- call.body
		}
		return false
	})
	_, err := newRegistrar(t, newClient(t, admin.Config{URL: gate.url}), deployment.Config{}, nil).
		Register(testkit.Context(t), ours.at())
	var failed *deployment.MismatchError
	require.ErrorAs(t, err, &failed)
	require.ErrorContains(t, err, `another process (application "other", interface sha256:0) registered http://`)
}

func TestNodeThatLearnsLateIsAskedAgain(t *testing.T) {
	t.Parallel()
	var looks atomic.Int32
	gate := newGateway(t, func(w http.ResponseWriter, call adminCall) bool {
		if call.line != "GET /deployments" || looks.Add(1) > 3 {
			return false
		}
		fmt.Fprint(w, `{"deployments":[]}`)
		return true
	})
	registration, err := newRegistrar(t, newClient(t, admin.Config{URL: gate.url}), deployment.Config{}, nil).
		Register(testkit.Context(t), serve(t, service("Late")).at())
	require.NoError(t, err)
	require.Equal(t, map[string]int{"Late": 1}, registration.Revisions)
	require.EqualValues(t, 4, looks.Load())
}
