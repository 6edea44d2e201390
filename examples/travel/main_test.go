package main

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/goleak"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

// quiet is a log of nothing.
var quiet = slog.New(slog.DiscardHandler)

func TestMain(m *testing.M) { goleak.VerifyTestMain(restatetest.Tests{M: m}) }

// world is a running agency with its partners, which are outside: they do not die.
type world struct {
	*restatetest.Env

	t      testing.TB
	hotels *Hotels
	garage *Garage
	bank   *Bank
}

// renew makes new partners, and returns the application that uses them.
func (w *world) renew(patience time.Duration) fx.Option {
	w.hotels, w.garage, w.bank = NewHotels(quiet), NewGarage(quiet), NewBank(quiet)
	return fx.Options(agency(Patience(patience)), fx.Replace(w.hotels, w.garage, w.bank))
}

func start(t *testing.T, patience time.Duration, opts ...fx.Option) *world {
	t.Helper()
	w := &world{t: t}
	w.Env = restatetest.Start(t, append(opts, w.renew(patience))...)
	return w
}

func (w *world) book(trip Trip) error {
	_, err := ingress.Call(w.t.Context(), ingress.NewService[*Trips](w.Ingress()), (*Trips).Book, trip)
	return err
}

func (w *world) flight(number string) ingress.Keyed[*Flight] {
	return ingress.NewObject[*Flight](w.Ingress()).Key(number)
}

func (w *world) seats(flight string) map[string]Seat {
	w.t.Helper()
	taken, err := ingress.Call0(w.t.Context(), w.flight(flight), (*Flight).Seats)
	require.NoError(w.t, err)
	return taken
}

// requireBooked requires that so many trips are booked as a whole, and nothing else.
func (w *world) requireBooked(flight string, trips int) {
	w.t.Helper()
	require.Len(w.t, w.seats(flight), trips)
	for _, partner := range []*ledger{w.hotels.ledger, w.garage.ledger, w.bank.ledger} {
		require.Len(w.t, partner.Entries(), trips)
	}
}

func requireCode(t testing.TB, code restate.Code, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, restate.AsTerminalError(err).Code(), err)
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
			w := start(t, time.Hour, option)

			for step, test := range map[string]struct {
				trip Trip
				says string
			}{
				"the hotel fails":               {Trip{"Grace", "A", "Grand", "convertible", 80_000}, "the hotel is full"},
				"the payment fails":             {Trip{"Edsger", "B", "Seaside", "convertible", 250_000}, "the card is declined"},
				"the confirmation fails":        {Trip{"nobody", "C", "Seaside", "convertible", 80_000}, "there is no such passenger"},
				"a compensation fails at first": {Trip{"Edsger", "E", "Ritz", "convertible", 250_000}, "the card is declined"},
			} {
				t.Run(step, func(t *testing.T) {
					err := w.book(test.trip)
					requireCode(t, http.StatusConflict, err)
					require.ErrorContains(t, err, test.says)
					w.requireBooked(test.trip.Flight, 0)
				})
			}

			require.NoError(t, w.book(Trip{"Ada", "D", "Seaside", "convertible", 80_000}))
			require.NoError(t, w.book(Trip{"Unlucky", "D", "Seaside", "convertible", 80_000}), "a bank that does not respond undoes nothing")
			require.ErrorContains(t, w.book(Trip{"Barbara", "D", "Seaside", "convertible", 80_000}), "the flight is full")
			w.requireBooked("D", 2)
			for _, seat := range w.seats("D") {
				require.True(t, seat.Confirmed, seat.Passenger)
			}
		})
	}
}

func TestCompensationThatIsRefusedKeepsNoneOfTheOthers(t *testing.T) {
	t.Parallel()
	restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
		t.Parallel()
		w := start(t, time.Hour, backend)
		err := w.book(Trip{"Edsger", "A", "Bates", "convertible", 250_000})
		requireCode(t, http.StatusConflict, err)
		require.ErrorContains(t, err, "the card is declined")
		require.ErrorContains(t, err, "the Bates keeps its guests")
		require.Len(t, w.hotels.Entries(), 1)
		require.Empty(t, w.seats("A"))
		require.Empty(t, w.garage.Entries())
		require.Empty(t, w.bank.Entries())
	})
}

func TestSeatIsReservedOnAFlightOfWhichOneWasCancelledThatNeverWas(t *testing.T) {
	t.Parallel()
	w := start(t, time.Hour, restatetest.InProcess)
	require.NoError(t, ingress.CallVoid(t.Context(), w.flight("RS-1"), (*Flight).Cancel, "none"))
	_, err := ingress.Call(t.Context(), w.flight("RS-1"), (*Flight).Reserve, "Ada")
	require.NoError(t, err)
}

func TestSeatThatNobodyConfirmsExpires(t *testing.T) {
	t.Parallel()
	w := start(t, time.Hour, restatetest.InProcess, restatetest.ManualClock)
	seats := map[string]string{}
	for _, passenger := range []string{"Ada", "Grace"} {
		id, err := ingress.Call(t.Context(), w.flight("A"), (*Flight).Reserve, passenger)
		require.NoError(t, err)
		seats[passenger] = id
	}
	require.NoError(t, ingress.CallVoid(t.Context(), w.flight("A"), (*Flight).Confirm, seats["Ada"]))
	w.Advance(hold - time.Second)
	require.Len(t, w.seats("A"), 2)
	w.Advance(time.Second)
	require.Equal(t, map[string]Seat{seats["Ada"]: {"Ada", true}}, w.seats("A"))
}

// limousine is a trip that waits for its car.
var limousine = Trip{"Grace", "A", "Seaside", "limousine", 80_000}

// wait sends a trip and waits until it waits for its car.
func (w *world) wait() ingress.Handle[Booking] {
	w.t.Helper()
	sent, err := ingress.Send(w.t.Context(), ingress.NewService[*Trips](w.Ingress()), (*Trips).Book, limousine)
	require.NoError(w.t, err)
	w.InvocationOf(sent).AwaitEntry("Sleep timeout")
	require.Len(w.t, w.seats("A"), 1)
	require.Len(w.t, w.hotels.Entries(), 1)
	return sent
}

// requireNoRental waits for the end of a call that nobody waits for any more.
func (w *world) requireNoRental() {
	w.t.Helper()
	w.Until(func() bool {
		for _, rental := range w.Invocations("cars") {
			if rental.Status != admin.StatusCompleted {
				return false
			}
		}
		return true
	}, "nobody looks for a limousine")
	require.Empty(w.t, w.garage.Entries())
}

func TestTripIsUndoneWhenThereIsNoCarInTime(t *testing.T) {
	t.Parallel()
	w := start(t, 10*time.Minute, restatetest.InProcess, restatetest.ManualClock)
	trip := w.wait()
	w.Advance(5 * time.Minute)
	w.KillApp() // the time runs on
	w.StartApp()
	w.Advance(5*time.Minute - time.Second)
	require.Len(t, w.hotels.Entries(), 1)
	w.Advance(time.Second)
	_, err := trip.Attach(t.Context())
	requireCode(t, http.StatusRequestTimeout, err)
	require.ErrorContains(t, err, "there is no car in time")
	w.requireBooked("A", 0)
	w.requireNoRental()
}

func TestTripIsUndoneOnAServerWhenThereIsNoCarInTime(t *testing.T) {
	t.Parallel()
	w := start(t, time.Millisecond)
	requireCode(t, http.StatusRequestTimeout, w.book(limousine))
	w.requireBooked("A", 0)
	w.requireNoRental()
}

func TestTripIsUndoneWhenItIsCancelled(t *testing.T) {
	t.Parallel()
	for name, backend := range map[string][]fx.Option{
		"in process":  {restatetest.InProcess, restatetest.ManualClock}, // else no car is there in time
		"on a server": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, time.Hour, backend...)
			trip := w.wait()
			w.InvocationOf(trip).Cancel()
			w.InvocationOf(trip).AwaitStatus(admin.StatusCompleted)
			_, err := trip.Attach(t.Context())
			requireCode(t, http.StatusConflict, err)
			require.ErrorContains(t, err, "cancelled")
			w.requireBooked("A", 0)
			w.requireNoRental()
		})
	}
}

func TestDemoRunsToItsEnd(t *testing.T) {
	t.Parallel()
	require.NoError(t, run(true, Patience(time.Second)))
}
