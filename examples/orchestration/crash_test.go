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
		"in a saga that is undone":        func(w *world) any { return w.saga("Hulu", "Disney") },
		"in a saga that succeeds":         func(w *world) any { return w.saga("Hulu", "Prime") != nil },
		"in subscriptions that are added": func(w *world) any { return w.subscribe("4111", "Hulu") },
		"in a purchase": func(w *world) any {
			w.deposit(10_000)
			_, err := w.buy(4_000, time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC))
			return err
		},
		"in a payment that nobody confirms": func(w *world) any {
			payments := ingress.NewService[*Payments](w.Ingress())
			_, err := ingress.Call(w.t.Context(), payments, (*Payments).Process, Payment{"1", 4_200})
			require.Error(w.t, err)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := &world{} // the partners, which do not die
			restatetest.CrashEverywhere(t, restatetest.Scenario{
				App: func() []fx.Option {
					out.billing, out.streaming = NewBilling(quiet), NewStreaming(quiet)
					out.provider, out.post = NewProvider(quiet), NewPost(quiet)
					return []fx.Option{
						restatetest.InProcess, company(Patience(time.Minute)),
						fx.Replace(out.billing, out.streaming, out.provider, out.post),
					}
				},
				Do: func(t testing.TB, env *restatetest.Env) any { return do(&world{Env: env, t: t}) },
				Exactly: func() any {
					return [][]string{out.billing.All(), out.streaming.All(), out.provider.All(), out.post.All()}
				},
			})
		})
	}
}

func TestDemoRunsToItsEnd(t *testing.T) {
	t.Parallel()
	require.NoError(t, run(true, Patience(time.Minute)))
}
