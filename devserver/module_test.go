package devserver_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/fxrestate/go/devserver"
)

// A consumer reads the server's URLs in its constructor and uses them in its hooks.
type consumer struct {
	admin           string
	atStart, atStop int
}

func newConsumer(t *testing.T) func(lc fx.Lifecycle, s *devserver.Server) *consumer {
	return func(lc fx.Lifecycle, s *devserver.Server) *consumer {
		c := &consumer{admin: s.AdminURL()}
		lc.Append(fx.StartStopHook(
			func() { c.atStart, _ = get(t, c.admin+"/health") },
			func() { c.atStop, _ = get(t, c.admin+"/health") },
		))
		return c
	}
}

func TestModule(t *testing.T) {
	t.Parallel()
	var (
		s *devserver.Server
		c *consumer
	)
	app := fxtest.New(t,
		devserver.Module,
		fx.Supply(devserver.Config{Binary: realServer(t), Env: fewPartitions}),
		fx.Provide(newConsumer(t)),
		fx.Populate(&c, &s),
		fx.StartTimeout(time.Minute), fx.StopTimeout(time.Minute),
	)
	require.Equal(t, c.admin, s.AdminURL())
	require.NoError(t, s.Err())

	app.RequireStart()
	require.Equal(t, http.StatusOK, c.atStart, "the server starts before what depends on it")
	require.Equal(t, c.admin, s.AdminURL(), "the ports are those promised")

	app.RequireStop()
	require.Equal(t, http.StatusOK, c.atStop, "the server stops after what depends on it")
	require.True(t, unreachable(s.AdminURL()))
	require.NoDirExists(t, s.Dir())
}

func TestModuleNeedsNoConfig(t *testing.T) {
	t.Setenv(devserver.BinaryEnv, realServer(t))
	var s *devserver.Server
	app := fxtest.New(t, devserver.Module, fx.Populate(&s), fx.StartTimeout(time.Minute), fx.StopTimeout(time.Minute))
	app.RequireStart()
	status, _ := get(t, s.IngressURL()+"/restate/health")
	require.Equal(t, http.StatusOK, status)
	app.RequireStop()
}

func TestModuleStopsTheServerWhenALaterStartFails(t *testing.T) {
	t.Parallel()
	failed := errors.New("failed")
	var s *devserver.Server
	app := fx.New(
		fx.NopLogger,
		devserver.Module,
		fx.Supply(devserver.Config{Binary: realServer(t), Env: fewPartitions}),
		fx.Invoke(func(lc fx.Lifecycle, server *devserver.Server) {
			s = server
			lc.Append(fx.StartHook(func() error { return failed }))
		}),
	)
	require.ErrorIs(t, app.Start(t.Context()), failed)
	require.True(t, unreachable(s.AdminURL()))
	require.NoDirExists(t, s.Dir())
}

func TestModuleErrors(t *testing.T) {
	t.Parallel()
	build := func(cfg devserver.Config) *fx.App {
		return fx.New(fx.NopLogger, devserver.Module, fx.Supply(cfg), fx.Invoke(func(*devserver.Server) {}))
	}
	require.ErrorContains(t, build(devserver.Config{AdminPort: -1}).Err(), "devserver: Config.AdminPort -1")

	app := build(devserver.Config{
		Binary: realServer(t),
		Env:    map[string]string{"RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT": "banana"},
	})
	require.NoError(t, app.Err())
	require.ErrorContains(t, app.Start(context.Background()), "RT0002")
}

func TestServerThatWasNeverStarted(t *testing.T) {
	t.Parallel()
	var s *devserver.Server
	app := fx.New(fx.NopLogger, devserver.Module, fx.Supply(devserver.Config{Binary: realServer(t), Env: fewPartitions}), fx.Populate(&s))
	require.NoError(t, app.Err())
	address := strings.TrimPrefix(s.AdminURL(), "http://")
	_, err := net.Listen("tcp", address)
	require.Error(t, err, "a port that was promised is held until the server takes it")

	require.NoError(t, s.Kill())
	require.NoError(t, s.Stop(context.Background()))
	require.Empty(t, s.Dir())
	l, err := net.Listen("tcp", address)
	require.NoError(t, err)
	require.NoError(t, l.Close())
}
