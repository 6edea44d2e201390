package main

import (
	"log/slog"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

// Wherever the process dies, a trip is booked as a whole or not at all.
func TestATripSurvivesACrashAnywhere(t *testing.T) {
	t.Parallel()
	for name, trip := range map[string]Trip{
		"that is booked":          {"Ada", "D", "Seaside", 80_000},
		"whose payment fails":     {"Edsger", "B", "Seaside", 250_000},
		"that nobody can confirm": {"nobody", "C", "Seaside", 80_000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var hotels *Hotels
			var bank *Bank
			restatetest.CrashEverywhere(t, restatetest.Scenario{
				App: func() []fx.Option {
					quiet := slog.New(slog.DiscardHandler)
					hotels, bank = NewHotels(quiet), NewBank(quiet) // outside: they do not die
					return []fx.Option{restatetest.InProcess, agency(), fx.Replace(hotels, bank)}
				},
				Do: func(t testing.TB, env *restatetest.Env) any {
					_, err := ingress.Call(t.Context(), ingress.NewService[*Trips](env.Ingress()), (*Trips).Book, trip)
					return err
				},
				// The partners take a second request with the same id for the first.
				Exactly: func() any { return []int{len(hotels.Entries()), len(bank.Entries())} },
			})
		})
	}
}
