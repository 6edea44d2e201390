package testkit

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"go.uber.org/zap"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
)

// Config is what an application on the package's server needs.
func Config() fxrestate.Config {
	server := Server()
	return fxrestate.Config{
		Ingress:  ingress.Config{URL: server.IngressURL()},
		Admin:    admin.Config{URL: server.AdminURL()},
		Endpoint: endpoint.Config{Addr: "127.0.0.1:0"},
		Register: &deployment.Config{URL: "http://" + server.EndpointHost() + ":{{port}}", Required: true},
	}
}

// StartApp starts an application on the package's server, for an example, and
// returns the client by which its handlers are called from outside. It panics where
// the application does not start or stop.
func StartApp(opts ...fx.Option) (client *ingress.Client, stop func()) {
	app := fx.New(append(opts, fxrestate.Module, fx.Supply(Config(), zap.NewNop()), fx.NopLogger, fx.Populate(&client))...)
	if err := errors.Join(CompileCore(), app.Start(context.Background())); err != nil {
		panic(err)
	}
	return client, func() {
		if err := app.Stop(context.Background()); err != nil {
			panic(err)
		}
	}
}

// RunApp runs an application on the package's server until the test ends. Its logger
// writes nothing, so that what is known of replay does not depend on what is written.
func RunApp(t testing.TB, opts ...fx.Option) {
	t.Helper()
	require.NoError(t, CompileCore())
	app := fxtest.New(t, append(opts, fxrestate.Module, fx.Supply(zap.NewNop(), Config()))...)
	app.RequireStart()
	t.Cleanup(app.RequireStop)
}

var services atomic.Int64

// Unique makes a service name that no other test of the package has: they share a
// server.
func Unique(base string) string { return fmt.Sprintf("%s-%d", base, services.Add(1)) }

// RetryAtOnce has failed attempts repeated without much delay, up to a number of them.
func RetryAtOnce(attempts uint) restate.ServiceDefinitionOption {
	return restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(10*time.Millisecond),
		restate.WithMaxRetryAttempts(attempts), restate.KillOnMaxAttempts())
}
