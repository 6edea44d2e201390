package cron_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/durable/cron"
	"github.com/fxrestate/go/restatetest"
)

func TestAJobSurvivesACrashAnywhere(t *testing.T) {
	t.Parallel()
	var w *World
	var outside *tool
	report := restatetest.CrashEverywhere(t, restatetest.Scenario{
		App: func() []fx.Option {
			w = &World{}
			return []fx.Option{restatetest.InProcess, restatetest.ManualClock, app(w, fx.Populate(&outside))}
		},
		Do: func(t testing.TB, env *restatetest.Env) any {
			step := func(do func() (any, error)) any {
				var result any
				err := advancing(env, func() (err error) {
					result, err = do()
					return err
				})
				return []any{fmt.Sprint(result), err}
			}
			set := step(func() (any, error) {
				info, err := outside.Set(t.Context(), "@every 1h", cron.CallVoid((*Reports).Count, "x"), cron.Name("x"), cron.Queue)
				return info.Name, err
			})
			env.Until(func() bool {
				env.Advance(10 * time.Minute)
				return w.count("x") >= 2
			}, "it has run twice")
			pause := step(func() (any, error) {
				info, err := outside.Pause(t.Context(), "x")
				return info.Paused, err
			})
			env.Until(func() bool {
				env.Advance(time.Second)
				info, err := outside.Get(t.Context(), "x")
				return err == nil && len(info.Running) == 0 && info.Last != nil && info.Last.Number == info.Runs
			}, "its runs have ended")
			cancel := step(func() (any, error) { return nil, outside.Cancel(t.Context(), "x") })
			env.Advance(3 * time.Hour)
			return []any{set, pause, cancel}
		},
	})
	require.Positive(t, report.Entries)
	t.Logf("%+v", report)
}
