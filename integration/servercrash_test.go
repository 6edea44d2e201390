package integration_test

import (
	"context"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/fxrestate"
)

// Sleeper sleeps between two effects.
type Sleeper struct{ outside outside }

func NewSleeper(o outside) *Sleeper { return &Sleeper{o} }

func (s *Sleeper) Nap(ctx restate.Context, d time.Duration) (string, error) {
	if err := restate.RunVoid(ctx, func(ctx restate.RunContext) error { return s.outside.effect(ctx, "asleep") }); err != nil {
		return "", err
	}
	if err := restate.Sleep(ctx, d); err != nil {
		return "", err
	}
	return "rested", restate.RunVoid(ctx, func(ctx restate.RunContext) error { return s.outside.effect(ctx, "awake") })
}

func startServerOf(t *testing.T, cfg devserver.Config) *devserver.Server {
	t.Helper()
	s, err := devserver.Start(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.Background())) })
	return s
}

func TestSleepingInvocationCompletesAfterTheServerWasKilled(t *testing.T) {
	t.Parallel()
	const nap = 2 * time.Second
	for name, test := range map[string]struct{ otherPorts, restartApp bool }{
		"and started on the same ports":                     {},
		"and started on other ports":                        {otherPorts: true},
		"and started on other ports, as the application is": {otherPorts: true, restartApp: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			asleep := w.block("asleep")
			cfg := serverConfig()
			cfg.Dir = t.TempDir()
			srv := startServerOf(t, cfg)
			options := fxrestate.Service[*Sleeper](made(&Sleeper{outside{w.URL}}), quickly())
			appConfig := config()
			appConfig.Admin.URL = srv.AdminURL()
			a := startWith(t, appConfig, options)
			id := submit(t, srv.IngressURL()+"/Sleeper/Nap", nap, "Idempotency-Key", "1")
			receive(t, asleep, "the handler")
			began := time.Now()
			w.release("asleep")
			client, err := admin.New(admin.Config{URL: srv.AdminURL()})
			require.NoError(t, err)
			t.Cleanup(client.CloseIdleConnections)
			awaitEntry(t, client, id, "Sleep")

			require.NoError(t, srv.Kill())
			cfg = srv.Config()
			if test.otherPorts {
				cfg.IngressPort, cfg.AdminPort = 0, 0
			}
			srv = startServerOf(t, cfg)
			if test.restartApp {
				appConfig.Endpoint.Addr = a.endpoint.Addr().String()
				appConfig.Admin.URL = srv.AdminURL()
				a.RequireStop()
				startWith(t, appConfig, options)
			}

			require.Equal(t, "rested", decode[string](t, attachOn(t, srv, id)))
			require.GreaterOrEqual(t, time.Since(began), nap)
			require.Equal(t, 1, w.count("asleep"))
			require.Equal(t, 1, w.count("awake"))
		})
	}
}
