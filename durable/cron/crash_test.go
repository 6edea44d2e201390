package cron_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/durable/cron"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

func TestAJobSurvivesACrashAnywhere(t *testing.T) {
	t.Parallel()
	var w *World
	report := restatetest.CrashEverywhere(t, restatetest.Scenario{
		App: func() []fx.Option {
			w = &World{}
			return append(inProcess[:len(inProcess):len(inProcess)], app(w))
		},
		Do: func(t testing.TB, env *restatetest.Env) any {
			x := ingress.NewObject[*cron.Job](env.Ingress()).Key("x")
			advance := func(do func() error) error { return advancing(env, do) }
			var info cron.Info
			ask := func() bool {
				env.Advance(30 * time.Minute)
				info = cron.Info{}
				return restatetest.StateOf[*cron.Job](env, "x").Get("job", &info)
			}

			set := advance(func() error {
				_, err := ingress.Call(t.Context(), x, (*cron.Job).Set, cron.Definition{
					Schedule: "@every 1h", Target: cron.Target{Service: "Reports", Handler: "Count", Payload: []byte(`"x"`)},
				})
				return err
			})
			env.Until(func() bool { return ask() && info.Last != nil && info.Last.Number >= 2 }, "it has run twice")
			pause := advance(func() error {
				_, err := ingress.Call0(t.Context(), x, (*cron.Job).Pause)
				return err
			})
			env.Until(func() bool { return ask() && info.Paused && len(info.Running) == 0 }, "its runs have ended")
			cancel := advance(func() error { return ingress.Call0Void(t.Context(), x, (*cron.Job).Cancel) })
			env.Advance(3 * time.Hour)
			return []any{set, pause, cancel}
		},
		Limit: 8, // each run waits for the invocations that were cancelled before they began
	})
	require.Positive(t, report.Entries)
	t.Logf("%+v", report)
}
