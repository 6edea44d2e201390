package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

// Wherever the process dies, what comes of it is the same.
func TestTheTourSurvivesACrashAnywhere(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(w *world) any{
		"in a signup":              func(w *world) any { _, err := w.signup("carl", carl); return err },
		"in a signup that fails":   func(w *world) any { _, err := w.signup("dora", taken); return err },
		"in a saga that is undone": func(w *world) any { return w.paid("alice", alice) },
		"in a verification with no click": func(w *world) any {
			workflow := ingress.NewWorkflow[*Verification](w.Ingress()).ID("carl")
			_, err := ingress.Call(w.t.Context(), workflow, (*Verification).Run, carl)
			require.Error(w.t, err)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := &world{} // the partners, which do not die
			restatetest.CrashEverywhere(t, restatetest.Scenario{
				App: func() []fx.Option {
					out.directory, out.mailbox, out.plans = NewDirectory(quiet), NewMailbox(quiet), NewPlans(quiet)
					return []fx.Option{
						restatetest.InProcess, site(Patience{Remind: 20 * time.Second, GiveUp: 50 * time.Second}),
						fx.Replace(out.directory, out.mailbox, out.plans),
						fx.Replace(Secrets(func() string { return "the same in each run" })),
					}
				},
				Do: func(t testing.TB, env *restatetest.Env) any { return do(&world{Env: env, t: t}) },
				Exactly: func() any {
					return []any{out.directory.All(), out.mailbox.IDs(), out.plans.All()}
				},
			})
		})
	}
}

func TestDemoRunsToItsEnd(t *testing.T) {
	t.Parallel()
	require.NoError(t, run(true, day))
}
