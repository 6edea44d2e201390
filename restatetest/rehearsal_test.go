package restatetest_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

func TestAScenarioThatCannotBeRunSaysWhy(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	scenario := func(do func(t testing.TB, env *restatetest.Env) any) restatetest.Scenario {
		return restatetest.Scenario{
			App:    func() []fx.Option { return []fx.Option{steps(nil)} },
			Do:     do,
			Within: 3 * time.Second,
		}
	}
	tell := func(t testing.TB, env *restatetest.Env) any {
		now, err := ingress.Call0(t.Context(), ingress.NewService[*Steps](env.Ingress()), (*Steps).Tell)
		return []any{now, err}
	}
	for name, tt := range map[string]struct {
		scenario restatetest.Scenario
		says     string
	}{
		"nothing to do":      {restatetest.Scenario{}, "the Scenario needs App and Do"},
		"a broken app":       {restatetest.Scenario{App: func() []fx.Option { return nil }, Do: tell}, "fxrestate.Module is not among the options"},
		"a Do that fails":    {scenario(func(t testing.TB, _ *restatetest.Env) any { require.Fail(t, "no luck"); return nil }), "no luck"},
		"a Do that stops":    {scenario(func(t testing.TB, _ *restatetest.Env) any { t.Fatalf("no %s", "luck"); return nil }), "a run that nothing disturbs fails:\nno luck"},
		"a Do that says why": {scenario(func(t testing.TB, _ *restatetest.Env) any { t.Error("no", "luck", 7); return nil }), "disturbs fails:\nno luck 7"},
		"a Do that skips":    {scenario(func(t testing.TB, _ *restatetest.Env) any { t.Skip("later"); return nil }), "a scenario cannot be skipped: later"},
		"a Do that panics":   {scenario(func(testing.TB, *restatetest.Env) any { panic("oh") }), "Do panics: oh"},
		"no invocation":      {scenario(func(testing.TB, *restatetest.Env) any { return nil }), "no invocation of the application was seen"},
		"a strange result":   {scenario(func(testing.TB, *restatetest.Env) any { return make(chan int) }), "what Do returns does not encode as JSON"},
		"an unstable result": {scenario(func(testing.TB, *restatetest.Env) any { return calls.Add(1) }), "two runs that nothing disturbs differ"},
		"what does not end": {scenario(func(t testing.TB, env *restatetest.Env) any {
			_, err := ingress.Send0Void(t.Context(), ingress.NewService[*Steps](env.Ingress()), (*Steps).Wait)
			return err
		}), "1 invocations have not ended"},
		"a Do that hangs": {scenario(func(t testing.TB, _ *restatetest.Env) any {
			<-t.Context().Done()
			return nil
		}), "Do has not returned after 3s"},
		"an unknown disturbance": {func() restatetest.Scenario {
			s := scenario(tell)
			s.Disturbances = []restatetest.Disturbance{"sneezes"}
			return s
		}(), `there is no disturbance "sneezes"`},
	} {
		t.Run(name, func(t *testing.T) { // not parallel: one server is enough
			failed, said := record(t, func(t testing.TB) { restatetest.CrashEverywhere(t, tt.scenario) })
			require.True(t, failed)
			require.Contains(t, said, tt.says)
		})
	}
}

func TestAnApplicationThatDiesWhileItStartsEndsTheRun(t *testing.T) {
	t.Parallel()
	failed, said := record(t, func(t testing.TB) {
		restatetest.CrashEverywhere(t, restatetest.Scenario{
			App: func() []fx.Option {
				return []fx.Option{
					steps(nil), restatetest.InProcess, restatetest.Within(3 * time.Second),
					fx.Invoke(func(lc fx.Lifecycle, client *ingress.Client) {
						lc.Append(fx.StartHook(func(ctx context.Context) error {
							_, err := ingress.Call0(ctx, ingress.NewService[*Steps](client), (*Steps).Tell)
							return err
						}))
					}),
				}
			},
			Do:           func(testing.TB, *restatetest.Env) any { return nil },
			Disturbances: []restatetest.Disturbance{restatetest.DieBefore},
			Limit:        1,
		})
	})
	require.True(t, failed)
	require.Contains(t, said, "the application does not start")
}
