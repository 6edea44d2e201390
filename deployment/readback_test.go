package deployment_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
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

// A process of another version may stand behind the URL while processes are replaced. Its
// interface is never kept with the hash of ours, which the next start would believe.
func TestAnotherVersionBehindTheURLIsNamedAndWaitedFor(t *testing.T) {
	t.Parallel()
	text := service
	for _, row := range []struct {
		name         string
		theirs, ours func(name string) []restate.ServiceDefinition
		want         string
	}{
		{
			"with other services",
			func(n string) []restate.ServiceDefinition {
				return []restate.ServiceDefinition{text(n), text(n + "Theirs")}
			},
			func(n string) []restate.ServiceDefinition {
				return []restate.ServiceDefinition{text(n), text(n + "Ours")}
			},
			"with %[1]sTheirs/Echo; without %[1]sOurs/Echo; does the URL lead to a process of another version?",
		},
		{
			"with another kind of service",
			func(n string) []restate.ServiceDefinition { return []restate.ServiceDefinition{object(n)} },
			func(n string) []restate.ServiceDefinition { return []restate.ServiceDefinition{text(n)} },
			"with another kind of %[1]s",
		},
		{
			"with another type",
			func(n string) []restate.ServiceDefinition { return []restate.ServiceDefinition{number(n)} },
			func(n string) []restate.ServiceDefinition { return []restate.ServiceDefinition{text(n)} },
			"with another input schema of %[1]s/Echo, output schema of %[1]s/Echo",
		},
		{
			"with another option of a service",
			func(n string) []restate.ServiceDefinition { return []restate.ServiceDefinition{text(n)} },
			func(n string) []restate.ServiceDefinition {
				return []restate.ServiceDefinition{restate.NewService(n, restate.WithAbortTimeout(90*time.Second)).Handler("Echo", restate.NewServiceHandler(echo))}
			},
			"with another abort timeout of %[1]s",
		},
		{
			"with another option of a handler",
			func(n string) []restate.ServiceDefinition {
				return []restate.ServiceDefinition{restate.NewService(n).Handler("Echo", restate.NewServiceHandler(echo, restate.WithAbortTimeout(time.Second)))}
			},
			func(n string) []restate.ServiceDefinition { return []restate.ServiceDefinition{text(n)} },
			"with another abort timeout of %[1]s/Echo",
		},
	} {
		for _, known := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, known %v", row.name, known), func(t *testing.T) {
				t.Parallel()
				name := testkit.Unique("Mixed")
				app := serve(t, row.theirs(name)...)
				ours := serve(t, row.ours(name)...)
				if known {
					register(t, production(app), app.at())
				}
				ctx, cancel := context.WithCancel(testkit.Context(t))
				defer cancel()
				var log logLines
				failed := make(chan struct{}, 100)
				log.told = func(line string) {
					if strings.Contains(line, "registration failed, trying again") {
						failed <- struct{}{}
					}
				}
				registrar := newRegistrar(t, newClient(t, admin.Config{}), production(app), log.logger())
				done := make(chan error, 1)
				go func() {
					_, err := registrar.Register(ctx, deployment.Endpoint{Port: app.port, Manifest: ours.manifest})
					done <- err
				}()
				testkit.Receive(t, failed)
				require.Contains(t, log.all()[len(log.all())-1], fmt.Sprintf(row.want, name))
				for _, d := range deploymentsAt(t, fixed(app)) {
					require.NotEqual(t, hashOf(t, ours), d.Metadata[deployment.InterfaceHashKey], "theirs is kept as ours")
				}
				app.deploy(t, row.ours(name)...) // the process of the other version ends
				require.NoError(t, testkit.Receive(t, done))
				require.Equal(t, hashOf(t, ours), deploymentsAt(t, fixed(app))[0].Metadata[deployment.InterfaceHashKey])
			})
		}
	}
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
