package deployment_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/internal/testkit"
)

// meeting lets nobody register before all have looked at what is registered.
type meeting struct {
	mu      sync.Mutex
	waiting int
	all     chan struct{}
}

func (m *meeting) intercept(_ http.ResponseWriter, call adminCall) bool {
	if !isRegistration(call) {
		return false
	}
	m.mu.Lock()
	m.waiting--
	if m.waiting == 0 {
		close(m.all)
	}
	m.mu.Unlock()
	<-m.all
	return false
}

// Two processes register at the same time. Both have looked before one of them wrote.
func TestTwoRegistrarsAtOnce(t *testing.T) {
	t.Parallel()
	withHandler := func(name, handler string) restate.ServiceDefinition {
		return restate.NewService(name).Handler(handler, restate.NewServiceHandler(echo))
	}
	for _, row := range []struct {
		name    string
		mode    deployment.Mode
		sameURL bool
		one     func(name string) restate.ServiceDefinition
		two     func(name string) restate.ServiceDefinition
		// both may be registered, since it comes to the same.
		both bool
	}{
		{
			name: "other handlers at one URL in production", mode: deployment.Production, sameURL: true,
			one: func(name string) restate.ServiceDefinition { return withHandler(name, "One") },
			two: func(name string) restate.ServiceDefinition { return withHandler(name, "Two") },
		},
		{
			name: "other options at one URL in production", mode: deployment.Production, sameURL: true,
			one: service,
			two: func(name string) restate.ServiceDefinition {
				return restate.NewService(name, restate.WithInactivityTimeout(time.Hour)).Handler("Echo", restate.NewServiceHandler(echo))
			},
		},
		{
			name: "other handlers at one URL in development", mode: deployment.Development, sameURL: true,
			one: func(name string) restate.ServiceDefinition { return withHandler(name, "One") },
			two: func(name string) restate.ServiceDefinition { return withHandler(name, "Two") },
		},
		{name: "the same at one URL", mode: deployment.Production, sameURL: true, one: service, two: service, both: true},
		{name: "the same services at two URLs in production", mode: deployment.Production, one: service, two: service},
		{name: "the same services at two URLs in development", mode: deployment.Development, one: service, two: service},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			name := testkit.Unique("Contest")
			one, two := serve(t, row.one(name)), serve(t, row.two(name))
			ctx, giveUp := context.WithCancel(testkit.Context(t))
			defer giveUp()
			m := &meeting{waiting: 2, all: make(chan struct{})}
			type result struct {
				deployment.Registration
				error
			}
			results := make(chan result, 2)
			for _, e := range []*endpoint{one, two} {
				cfg := deployment.Config{Mode: row.mode, Application: name, URL: fixed(e)}
				if row.sameURL {
					cfg.URL = fixed(one) // where the one process answers to discovery
				}
				registrar := newRegistrar(t, newClient(t, admin.Config{URL: newGateway(t, m.intercept).url}), cfg, nil)
				at := e.at()
				go func() {
					registration, err := registrar.Register(ctx, at)
					results <- result{registration, err}
				}()
			}
			var serving []string
			for range 2 {
				got := testkit.Receive(t, results)
				if got.error == nil {
					serving = append(serving, got.DeploymentID)
					if row.sameURL && !row.both {
						giveUp() // the loser waits for the processes of the winner to go
					}
					continue
				}
				var notServed *deployment.NotServedError
				var mismatch *deployment.MismatchError
				require.True(t, errors.As(got.error, &notServed) || errors.As(got.error, &mismatch) || errors.Is(got.error, context.Canceled), "%v", got.error)
			}
			require.Contains(t, serving, testkit.ServiceOf(t, name).DeploymentID, "the winner serves")
			switch {
			case row.both:
				require.Len(t, serving, 2)
			case row.sameURL:
				require.Len(t, serving, 1, "the loser is told")
			default: // one of them may have ended before the other wrote
			}
		})
	}
}

// A start of an application with the same interface stays quick on a server that knows
// thousands of deployments.
func TestThousandsOfDeployments(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("Many")
	app := serve(t, service(name))
	cfg := production(app)
	cfg.Application = name
	first := register(t, cfg, app.at())
	var known []admin.DeploymentSummary
	all, err := testkit.Admin().Deployments(testkit.Context(t))
	require.NoError(t, err)
	for _, d := range all {
		if d.ID == first.DeploymentID {
			known = append(known, d)
		}
	}
	require.Len(t, known, 1)
	for i := range 5000 {
		d := known[0]
		d.ID, d.URI = fmt.Sprintf("dp_%d", i), fmt.Sprintf("http://other-%d:9080/", i)
		d.Services = nil
		for j := range 10 {
			d.Services = append(d.Services, admin.ServiceRevision{Name: fmt.Sprintf("Service-%d-%d", i%100, j), Revision: i/100 + 1})
		}
		known = append(known, d)
	}
	list, err := json.Marshal(map[string]any{"deployments": known})
	require.NoError(t, err)
	gate := newGateway(t, func(w http.ResponseWriter, call adminCall) bool {
		if call.line != "GET /deployments" {
			return false
		}
		_, _ = w.Write(list)
		return true
	})
	registrar := newRegistrar(t, newClient(t, admin.Config{URL: gate.url}), cfg, nil)
	began := time.Now()
	registration, err := registrar.Register(testkit.Context(t), app.at())
	took := time.Since(began)
	require.NoError(t, err)
	require.Equal(t, deployment.None, registration.Plan.Action)
	require.Equal(t, first.DeploymentID, registration.DeploymentID)
	calls, _ := gate.made("")
	require.Len(t, calls, 1)
	t.Logf("%d deployments, %d kB: %s", len(known), len(list)>>10, took)
	require.Less(t, took, testkit.Within/2, "it compares each deployment with each other one")
}
