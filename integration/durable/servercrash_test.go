package durable_test

import (
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
)

// Sleeper sleeps between two effects.
type Sleeper struct{ outside testkit.Outside }

func NewSleeper(o testkit.Outside) *Sleeper { return &Sleeper{o} }

func (s *Sleeper) Nap(ctx restate.Context, d time.Duration) (string, error) {
	if err := restate.RunVoid(ctx, func(ctx restate.RunContext) error { return s.outside.Effect(ctx, "asleep") }); err != nil {
		return "", err
	}
	if err := restate.Sleep(ctx, d); err != nil {
		return "", err
	}
	return "rested", restate.RunVoid(ctx, func(ctx restate.RunContext) error { return s.outside.Effect(ctx, "awake") })
}

func TestSleepingInvocationCompletesAfterTheServerWasKilled(t *testing.T) {
	t.Parallel()
	const nap = 5 * time.Second
	for name, test := range map[string]struct{ otherPorts, restartApp bool }{
		"and started on the same ports":                     {},
		"and started on other ports":                        {otherPorts: true},
		"and started on other ports, as the application is": {otherPorts: true, restartApp: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := testkit.NewWorld(t)
			asleep := w.Block("asleep")
			cfg := testkit.ServerConfig()
			cfg.Dir = t.TempDir()
			cfg.IngressPort, cfg.AdminPort = testkit.StablePort(t), testkit.StablePort(t)
			srv := testkit.StartServer(t, cfg)
			options := fxrestate.Service[*Sleeper](testkit.Made(&Sleeper{testkit.Outside{URL: w.URL}}), testkit.RetrySoon())
			appConfig := testkit.Config()
			appConfig.Admin.URL, appConfig.Endpoint.Addr = srv.AdminURL(), testkit.StableAddr(t)
			a := testkit.StartWith(t, appConfig, options)
			id := testkit.Submit(t, srv.IngressURL()+"/Sleeper/Nap", nap, "Idempotency-Key", "1")
			testkit.Receive(t, asleep, "the handler")
			began := time.Now()
			w.Release("asleep")
			client, err := admin.New(admin.Config{URL: srv.AdminURL()})
			require.NoError(t, err)
			t.Cleanup(client.CloseIdleConnections)
			testkit.AwaitEntry(t, client, id, "Sleep")

			require.NoError(t, srv.Kill())
			cfg = srv.Config()
			if test.otherPorts {
				cfg.IngressPort, cfg.AdminPort = 0, 0
			}
			srv = testkit.StartServer(t, cfg)
			if test.restartApp {
				appConfig.Admin.URL = srv.AdminURL()
				a.RequireStop()
				testkit.StartWith(t, appConfig, options)
			}

			require.Equal(t, "rested", testkit.Decode[string](t, testkit.AttachOn(t, srv, id)))
			require.GreaterOrEqual(t, time.Since(began), nap)
			require.Equal(t, 1, w.Count("asleep"))
			require.Equal(t, 1, w.Count("awake"))
		})
	}
}
