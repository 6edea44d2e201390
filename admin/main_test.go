package admin_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/devserver"
)

// restateServer is shared by all tests of the package. Each test registers other
// services.
var restateServer *devserver.Server

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	if restateServer, err = devserver.Start(context.Background(), devserver.Config{Progress: os.Stderr}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if err := errors.Join(restateServer.Stop(context.Background()), goleak.Find()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

func newClient(t testing.TB, cfg admin.Config) *admin.Client {
	t.Helper()
	if cfg.URL == "" {
		cfg.URL = restateServer.AdminURL()
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
	return "http://" + listen(t, handler)
}

// listen serves over HTTP/1.1 and h2c and returns host and port.
func listen(t testing.TB, handler http.Handler) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	srv := &http.Server{Handler: handler, Protocols: protocols}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = srv.Close()
		<-done
	})
	port := listener.Addr().(*net.TCPAddr).Port
	return fmt.Sprintf("%s:%d", restateServer.EndpointHost(), port)
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

// within is the timeout of every operation.
const within = 30 * time.Second

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), within)
	t.Cleanup(cancel)
	return ctx
}

func register(t testing.TB, client *admin.Client, url string) admin.RegisteredDeployment {
	t.Helper()
	registered, err := client.RegisterDeployment(testContext(t), admin.RegisterDeploymentRequest{URI: url, Force: true})
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
