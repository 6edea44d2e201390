package main

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/goleak"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(restatetest.Tests{M: m}) }

// world is a running agency with its partners.
type world struct {
	client *ingress.Client
	hotels *Hotels
	bank   *Bank
}

func start(t *testing.T, opts ...fx.Option) *world {
	t.Helper()
	w := &world{}
	env := restatetest.Start(t, append(opts, agency(), fx.Populate(&w.hotels, &w.bank))...)
	w.client = env.Ingress()
	return w
}

func (w *world) book(t *testing.T, trip Trip) error {
	t.Helper()
	_, err := ingress.Call(t.Context(), ingress.NewService[*Trips](w.client), (*Trips).Book, trip)
	return err
}

func (w *world) seats(t *testing.T, flight string) map[string]Seat {
	t.Helper()
	taken, err := ingress.Call0(t.Context(), ingress.NewObject[*Flight](w.client).Key(flight), (*Flight).Seats)
	require.NoError(t, err)
	return taken
}

func TestTripIsBookedAsAWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	for mode, option := range map[string]fx.Option{
		"on a server with its defaults":       fx.Options(),
		"on a server that replays every step": restatetest.AlwaysReplay,
		"in process":                          restatetest.InProcess,
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			w := start(t, option)

			for step, test := range map[string]struct {
				trip Trip
				says string
			}{
				"the hotel fails":        {Trip{"Grace", "A", "Grand", 80_000}, "the hotel is full"},
				"the payment fails":      {Trip{"Edsger", "B", "Seaside", 250_000}, "the card is declined"},
				"the confirmation fails": {Trip{"nobody", "C", "Seaside", 80_000}, "there is no such passenger"},
			} {
				t.Run(step, func(t *testing.T) {
					require.ErrorContains(t, w.book(t, test.trip), test.says, step)
					require.Empty(t, w.seats(t, test.trip.Flight), step)
					require.Empty(t, w.hotels.Entries(), step)
					require.Empty(t, w.bank.Entries(), step)
				})
			}

			require.NoError(t, w.book(t, Trip{"Ada", "D", "Seaside", 80_000}))
			require.NoError(t, w.book(t, Trip{"Unlucky", "D", "Seaside", 80_000}), "a bank that does not respond undoes nothing")
			require.ErrorContains(t, w.book(t, Trip{"Barbara", "D", "Seaside", 80_000}), "the flight is full")
			taken := w.seats(t, "D")
			require.Len(t, taken, 2)
			for _, seat := range taken {
				require.True(t, seat.Confirmed, seat.Passenger)
			}
			require.Len(t, w.hotels.Entries(), 2)
			require.Len(t, w.bank.Entries(), 2)
		})
	}
}

func TestDemoRunsToItsEnd(t *testing.T) {
	t.Parallel()
	require.NoError(t, run(true))
}
