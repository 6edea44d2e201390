package main

import (
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxrestate/go/restatetest"
)

// Wherever the process dies, a trip is booked as a whole or not at all.
func TestATripSurvivesACrashAnywhere(t *testing.T) {
	t.Parallel()
	for name, trip := range map[string]Trip{
		"that is booked":             {"Ada", "D", "Seaside", "convertible", 80_000},
		"that nobody can confirm":    {"nobody", "C", "Seaside", "convertible", 80_000},
		"that gets no car in time":   {"Grace", "A", "Seaside", "limousine", 80_000},
		"that is undone in part":     {"Edsger", "E", "Bates", "convertible", 250_000},
		"that is undone in two goes": {"Edsger", "F", "Ritz", "convertible", 250_000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := &world{}
			restatetest.CrashEverywhere(t, restatetest.Scenario{
				App: func() []fx.Option { return []fx.Option{restatetest.InProcess, out.renew(5 * time.Minute)} },
				Do: func(t testing.TB, env *restatetest.Env) any {
					return (&world{Env: env, t: t}).book(trip)
				},
				// The partners take a second request with the same id for the first.
				Exactly: func() any {
					return []int{len(out.hotels.Entries()), len(out.garage.Entries()), len(out.bank.Entries())}
				},
			})
		})
	}
}
