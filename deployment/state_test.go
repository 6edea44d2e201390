package deployment_test

import (
	"fmt"
	"strings"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/internal/testkit"
)

// fixed is a URL without {{port}}, of an endpoint.
func fixed(e *endpoint) string {
	return fmt.Sprintf("http://%s:%d", testkit.Server().EndpointHost(), e.port)
}

func production(e *endpoint) deployment.Config {
	return deployment.Config{URL: fixed(e), Mode: deployment.Production}
}

// register registers and returns the plan.
func register(t testing.TB, cfg deployment.Config, at deployment.Endpoint) deployment.Registration {
	t.Helper()
	registration, err := newRegistrar(t, newClient(t, admin.Config{}), cfg, nil).Register(testkit.Context(t), at)
	require.NoError(t, err)
	return registration
}

func lines(calls []adminCall) []string {
	out := make([]string, len(calls))
	for i, call := range calls {
		out[i] = call.line
		if strings.Contains(call.body, `"dry_run":true`) {
			out[i] += " dry"
		}
		if strings.Contains(call.line, "/deployments/dp_") {
			out[i] = strings.Split(call.line, "/dp_")[0] + "/ID"
		}
	}
	return out
}

func TestWhatARegistrationDoes(t *testing.T) {
	t.Parallel()
	const get, post, dry, one, query = "GET /deployments", "POST /deployments", "POST /deployments dry", "GET /deployments/ID", "POST /query"
	handlers := func(names ...string) func(string, ...restate.ServiceDefinitionOption) restate.ServiceDefinition {
		return func(name string, opts ...restate.ServiceDefinitionOption) restate.ServiceDefinition {
			def := restate.NewService(name, opts...)
			for _, h := range names {
				def.Handler(h, restate.NewServiceHandler(echo))
			}
			return def
		}
	}
	having := func(opt restate.ServiceDefinitionOption) func(string) restate.ServiceDefinition {
		return func(name string) restate.ServiceDefinition { return handlers("A")(name, opt) }
	}
	plain := func(name string) restate.ServiceDefinition { return handlers("A")(name) }
	more := func(name string) restate.ServiceDefinition { return handlers("A", "B")(name) }
	tagged := func(revision string) func(string) restate.ServiceDefinition {
		return having(restate.WithMetadata("revision", revision))
	}
	documented := having(restate.WithDocumentation("It echoes."))
	with := func(change func(*deployment.Config)) func(*deployment.Config) { return change }
	keep := with(func(*deployment.Config) {})
	develop := with(func(c *deployment.Config) { c.Mode = deployment.Development })
	for _, row := range []struct {
		name          string
		first, second func(name string) restate.ServiceDefinition
		change        func(*deployment.Config)
		action        deployment.Action
		calls         []string
		revision      int
	}{
		{"production with the same interface makes one GET", plain, plain, keep, deployment.None, []string{get}, 1},
		{"production with another interface replaces", plain, more, keep, deployment.Replace, []string{get, dry, one, query, post, one, get}, 2},
		{"production with other metadata of a service stores it", tagged("1"), tagged("2"), keep, deployment.Update, []string{get, dry, post, one, get}, 2},
		{"production with new documentation stores it", plain, documented, keep, deployment.Update, []string{get, dry, post, one, get}, 2},
		{
			"production with other metadata of the deployment stores it", plain, plain,
			with(func(c *deployment.Config) { c.Metadata = map[string]string{"version": "2"} }), deployment.Update,
			[]string{get, dry, post, one, get},
			2,
		},
		{
			"production with other headers stores them", plain, plain,
			with(func(c *deployment.Config) { c.AdditionalHeaders = map[string]string{"X-Key": "a"} }), deployment.Update,
			[]string{get, dry, post, one, get},
			2,
		},
		{"development registers the same interface", plain, plain, develop, deployment.Update, []string{get, post, get}, 2},
		{"development registers another interface", plain, more, develop, deployment.Replace, []string{get, dry, one, query, post, get}, 2},
		{
			"a dry run writes nothing", plain, more,
			with(func(c *deployment.Config) { c.Mode = deployment.DryRun }), deployment.Replace,
			[]string{get, dry, one, query},
			1,
		},
		{"manual calls nobody", plain, more, with(func(c *deployment.Config) { c.Mode = deployment.Manual }), "", []string{}, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			name := testkit.Unique("S")
			app := serve(t, row.first(name))
			register(t, production(app), app.at())
			app.deploy(t, row.second(name))
			gate := newGateway(t, nil)
			cfg := production(app)
			row.change(&cfg)
			registration, err := newRegistrar(t, newClient(t, admin.Config{URL: gate.url}), cfg, nil).Register(testkit.Context(t), app.at())
			require.NoError(t, err)
			require.Equal(t, row.action, registration.Plan.Action)
			calls, _ := gate.made("")
			require.Equal(t, row.calls, lines(calls))
			require.Equal(t, row.revision, testkit.ServiceOf(t, name).Revision)
		})
	}
}
