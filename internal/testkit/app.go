package testkit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
)

// App is a running application, and what it logs.
type App struct {
	*fxtest.App
	Endpoint *endpoint.Endpoint
	Health   *fxrestate.Health
	Logs     *observer.ObservedLogs
}

// Config is what an application on the package's server needs.
func Config() fxrestate.Config {
	return fxrestate.Config{
		Ingress:  ingress.Config{URL: Server().IngressURL()},
		Admin:    admin.Config{URL: Server().AdminURL()},
		Endpoint: endpoint.Config{Addr: "127.0.0.1:0"},
		Register: &deployment.Config{URL: "http://" + Server().EndpointHost() + ":{{port}}", Required: true},
	}
}

// Start runs an application on the package's server until the test ends.
func Start(t testing.TB, opts ...fx.Option) *App {
	t.Helper()
	return StartWith(t, Config(), opts...)
}

// StartWith is [Start] with another configuration.
func StartWith(t testing.TB, cfg fxrestate.Config, opts ...fx.Option) *App {
	t.Helper()
	a := Build(t, append(opts, fx.Supply(cfg))...)
	a.RequireStart()
	t.Cleanup(a.RequireStop)
	return a
}

// Build makes an application that is not started. Options may bring the Config. Its
// start and its stop may take [Within], since fx's default is little for a busy machine
// with the race detector on.
func Build(t testing.TB, opts ...fx.Option) *App {
	t.Helper()
	require.NoError(t, CompileCore())
	core, logs := observer.New(zapcore.DebugLevel)
	a := &App{Logs: logs}
	client := new(*admin.Client)
	a.App = fxtest.New(t, append([]fx.Option{
		fxrestate.Module,
		fx.Supply(zap.New(core)), fx.StartTimeout(Within), fx.StopTimeout(Within),
		fx.Populate(&a.Endpoint, &a.Health, client),
	}, opts...)...)
	t.Cleanup(func() { (*client).CloseIdleConnections() })
	return a
}

// NewError returns the error of an application that cannot be built.
func NewError(t testing.TB, opts ...fx.Option) error {
	t.Helper()
	a := fx.New(append([]fx.Option{fxrestate.Module, fx.Supply(zap.NewNop()), fx.NopLogger}, opts...)...)
	require.Error(t, a.Err())
	return a.Err()
}

// TryStart starts the application as fx does, within its timeout.
func (a *App) TryStart(t testing.TB) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), a.StartTimeout())
	defer cancel()
	return a.Start(ctx)
}

// NearDeadline returns a context for a start whose registration is to give up: its
// deadline is after a time. It does not end then, so that the rest of the start has the
// time that it needs on a busy machine.
func NearDeadline(t testing.TB, after time.Duration) context.Context {
	return nearDeadline{Context(t), time.Now().Add(after)}
}

type nearDeadline struct {
	context.Context

	deadline time.Time
}

func (c nearDeadline) Deadline() (time.Time, bool) { return c.deadline, true }

// URL is where the endpoint serves.
func (a *App) URL() string { return fmt.Sprintf("http://127.0.0.1:%d", a.Endpoint.Port()) }

// Lines returns the log lines with a message.
func (a *App) Lines(message string) []observer.LoggedEntry {
	return a.Logs.FilterMessage(message).All()
}

// Serves checks that the server sends services to the application.
func (a *App) Serves(t testing.TB, services ...string) {
	t.Helper()
	for _, name := range services {
		d, err := Admin().Deployment(t.Context(), ServiceOf(t, name).DeploymentID)
		require.NoError(t, err)
		require.Equal(t, a.URL()+"/", d.URI, name)
	}
}

// Refused returns nil if nothing listens at a URL.
func Refused(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), Within)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/health", http.NoBody)
	if err != nil {
		return err
	}
	res, err := HTTPClient().Do(req)
	if err != nil {
		return nil
	}
	return errors.Join(fmt.Errorf("%s answers %s", url, res.Status), res.Body.Close())
}

// Loud returns the lines about an invocation that an operator sees.
func Loud(a *App, id string) []observer.LoggedEntry {
	return a.Logs.Filter(func(e observer.LoggedEntry) bool {
		return e.Level >= zap.WarnLevel && e.ContextMap()["invocationID"] == id
	}).All()
}

// Failures returns the lines about failures of an invocation, retries among them.
func Failures(a *App, id string) []observer.LoggedEntry {
	return a.Logs.Filter(func(e observer.LoggedEntry) bool {
		fields := e.ContextMap()
		return fields["invocationID"] == id && fields["err"] != nil
	}).All()
}

// RunApp runs an application on the package's server until the test ends. Its logger
// writes nothing, so that what is known of replay does not depend on what is written.
func RunApp(t testing.TB, opts ...fx.Option) {
	t.Helper()
	require.NoError(t, CompileCore())
	app := fxtest.New(t, append(opts, fxrestate.Module, fx.Supply(zap.NewNop(), Config()),
		fx.StartTimeout(Within), fx.StopTimeout(Within))...)
	app.RequireStart()
	t.Cleanup(app.RequireStop)
}

// StartApp starts an application on the package's server, for an example, and
// returns the client by which its handlers are called from outside. It panics where
// the application does not start or stop.
func StartApp(opts ...fx.Option) (client *ingress.Client, stop func()) {
	app := fx.New(append(opts, fxrestate.Module, fx.Supply(Config(), zap.NewNop()), fx.NopLogger, fx.Populate(&client))...)
	inTime := func(hook func(context.Context) error) {
		ctx, cancel := context.WithTimeout(context.Background(), Within)
		defer cancel()
		if err := errors.Join(CompileCore(), hook(ctx)); err != nil {
			panic(err)
		}
	}
	inTime(app.Start)
	return client, func() { inTime(app.Stop) }
}
