package admin_test

import (
	"log/slog"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func newClient(t testing.TB, cfg admin.Config) *admin.Client {
	t.Helper()
	if cfg.URL == "" {
		cfg.URL = testkit.Server().AdminURL()
	}
	client, err := admin.New(cfg)
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	return client
}

// serve serves the definitions to Restate and returns their URL.
func serve(t testing.TB, definitions ...restate.ServiceDefinition) string {
	t.Helper()
	endpoint := server.NewRestate().WithLogger(slog.DiscardHandler, false)
	for _, definition := range definitions {
		endpoint.Bind(definition)
	}
	handler, err := endpoint.Handler()
	require.NoError(t, err)
	return "http://" + testkit.Listen(t, handler)
}

func echo(_ restate.Context, in string) (string, error) { return in, nil }

func echoService(name string, options ...restate.ServiceDefinitionOption) restate.ServiceDefinition {
	return restate.NewService(name, options...).Handler("Echo", restate.NewServiceHandler(echo))
}

func counterObject(name string) restate.ServiceDefinition {
	return restate.NewObject(name).
		Handler("Add", restate.NewObjectHandler(func(_ restate.ObjectContext, in int) (int, error) { return in, nil })).
		Handler("Get", restate.NewObjectSharedHandler(func(restate.ObjectSharedContext, restate.Void) (int, error) { return 0, nil }))
}

func register(t testing.TB, client *admin.Client, url string) admin.RegisteredDeployment {
	t.Helper()
	registered, err := client.RegisterDeployment(testkit.Context(t), admin.RegisterDeploymentRequest{URI: url, Force: true})
	require.NoError(t, err)
	return registered
}

func requireError(t testing.TB, err error, status int, code string) *admin.Error {
	t.Helper()
	var failed *admin.Error
	require.ErrorAs(t, err, &failed)
	require.Equal(t, status, failed.Status, "%v", err)
	require.Equal(t, code, failed.Code, "%v", err)
	return failed
}
