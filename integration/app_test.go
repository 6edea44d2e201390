package integration_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
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
)

// app is a running application.
type app struct {
	*fxtest.App
	endpoint *endpoint.Endpoint
	health   *fxrestate.Health
	logs     *observer.ObservedLogs
}

// config is what an application on the suite's server needs.
func config() fxrestate.Config {
	return fxrestate.Config{
		Admin:    admin.Config{URL: server.AdminURL()},
		Endpoint: endpoint.Config{Addr: "127.0.0.1:0"},
		Register: &deployment.Config{URL: "http://" + server.EndpointHost() + ":{{port}}", Required: true},
	}
}

// start runs an application on the suite's server until the test ends.
func start(t *testing.T, opts ...fx.Option) *app {
	t.Helper()
	return startWith(t, config(), opts...)
}

func startWith(t *testing.T, cfg fxrestate.Config, opts ...fx.Option) *app {
	t.Helper()
	a := build(t, append(opts, fx.Supply(cfg))...)
	a.RequireStart()
	t.Cleanup(a.RequireStop)
	return a
}

// build makes an application that is not started. Options may bring the Config.
func build(t *testing.T, opts ...fx.Option) *app {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	a := &app{logs: logs}
	client := new(*admin.Client)
	a.App = fxtest.New(t, append([]fx.Option{
		fxrestate.Module,
		fx.Supply(zap.New(core)),
		fx.Populate(&a.endpoint, &a.health, client),
	}, opts...)...)
	t.Cleanup(func() { (*client).CloseIdleConnections() })
	return a
}

// newError returns the error of an application that cannot be built.
func newError(t *testing.T, opts ...fx.Option) error {
	t.Helper()
	a := fx.New(append([]fx.Option{fxrestate.Module, fx.Supply(zap.NewNop()), fx.NopLogger}, opts...)...)
	require.Error(t, a.Err())
	return a.Err()
}

// tryStart starts the application as fx does, within its timeout.
func (a *app) tryStart(t *testing.T) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), a.StartTimeout())
	defer cancel()
	return a.Start(ctx)
}

// url is where the endpoint serves.
func (a *app) url() string { return fmt.Sprintf("http://127.0.0.1:%d", a.endpoint.Port()) }

// lines returns the log lines with a message.
func (a *app) lines(message string) []observer.LoggedEntry {
	return a.logs.FilterMessage(message).All()
}

// made provides a value that the test made, where a constructor is wanted.
func made[T any](value T) func() T { return func() T { return value } }

var services atomic.Int64

// unique makes a service name that no other test has: they share a server.
func unique(base string) string { return fmt.Sprintf("%s-%d", base, services.Add(1)) }

// quickly has failed attempts repeated without much delay.
func quickly() restate.ServiceDefinitionOption {
	return restate.WithInvocationRetryPolicy(
		restate.WithInitialRetryInterval(20*time.Millisecond),
		restate.WithRetryIntervalFactor(1),
	)
}

// eventually waits until check returns nil.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			require.NoError(t, err, "after %v", patience)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// receive waits for a value or for the closing of a channel.
func receive[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		require.FailNow(t, "waited in vain for "+what)
		panic("unreachable")
	}
}

// refused returns nil if nothing listens at a URL.
func refused(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/health", http.NoBody)
	if err != nil {
		return err
	}
	res, err := httpClient.Do(req)
	if err != nil {
		return nil
	}
	return errors.Join(fmt.Errorf("%s answers %s", url, res.Status), res.Body.Close())
}
