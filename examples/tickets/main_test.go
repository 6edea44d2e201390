package main

import (
	"log/slog"
	"net/http"
	"strings"
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

// world is a running theatre with its partners.
type world struct {
	*restatetest.Env

	t    testing.TB
	bank *Bank
	post *Post
}

// backends are what tests run on whose carts must not expire while they wait. Time passes
// by itself on a server, and in process when the test says so.
var backends = map[string][]fx.Option{
	"in process":  {restatetest.InProcess, restatetest.ManualClock},
	"on a server": nil,
}

func start(t *testing.T, hold time.Duration, opts ...fx.Option) *world {
	t.Helper()
	w := &world{t: t}
	w.Env = restatetest.Start(t, append(opts, theatre(Hold(hold)), fx.Populate(&w.bank, &w.post))...)
	return w
}

func (w *world) cart(customer string) ingress.Keyed[*Cart] {
	return ingress.NewObject[*Cart](w.Ingress()).Key(customer)
}

func (w *world) add(customer, seat string) error {
	return ingress.CallVoid(w.t.Context(), w.cart(customer), (*Cart).Add, seat)
}

func (w *world) checkout(customer string) error {
	_, err := ingress.Call0(w.t.Context(), w.cart(customer), (*Cart).Checkout)
	return err
}

// requireSeat waits for a status, because a seat hears of its sale by a message.
func (w *world) requireSeat(name, status string) {
	w.t.Helper()
	w.Until(func() bool {
		s, err := ingress.Call0(w.t.Context(), ingress.NewObject[*Ticket](w.Ingress()).Key(name), (*Ticket).Status)
		require.NoError(w.t, err)
		return s.Status == status
	}, "seat "+name+" is "+status)
}

func (w *world) requireMails(customer string, texts ...string) {
	w.t.Helper()
	w.Until(func() bool { return len(w.post.Texts(customer)) >= len(texts) }, "mails for "+customer)
	require.Equal(w.t, texts, w.post.Texts(customer))
}

func (w *world) requireCart(customer string, seats ...string) {
	w.t.Helper()
	held, err := ingress.Call0(w.t.Context(), w.cart(customer), (*Cart).Seats)
	require.NoError(w.t, err)
	require.ElementsMatch(w.t, seats, held)
}

func requireCode(t *testing.T, code restate.Code, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, restate.AsTerminalError(err).Code(), err)
}

func TestSeatsAreSoldOnce(t *testing.T) {
	t.Parallel()
	for name, backend := range backends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, time.Hour, backend...)
			requireCode(t, http.StatusConflict, w.checkout("Ada"))
			require.NoError(t, ingress.CallVoid(t.Context(), w.cart("Ada"), (*Cart).Remove, "A1"), "it never had it")
			require.NoError(t, w.add("Ada", "A1"))
			require.NoError(t, w.add("Ada", "A2"))
			require.NoError(t, w.add("Ada", "A2"), "a second time is no mistake")
			requireCode(t, http.StatusConflict, w.add("Bob", "A1"))

			require.NoError(t, ingress.CallVoid(t.Context(), w.cart("Ada"), (*Cart).Remove, "A1"))
			w.requireSeat("A1", Available)
			require.NoError(t, w.add("Bob", "A1"))

			require.NoError(t, w.checkout("Ada"))
			w.requireSeat("A2", Sold)
			w.requireCart("Ada")
			w.requireMails("Ada", "enjoy the play, in A2")
			require.Equal(t, price, w.bank.Balance())
			requireCode(t, http.StatusConflict, w.add("Bob", "A2"))
		})
	}
}

func TestPaymentThatFailsLeavesTheSeatsInTheCart(t *testing.T) {
	t.Parallel()
	w := start(t, time.Hour, restatetest.InProcess, restatetest.ManualClock)
	require.NoError(t, w.add("Broke", "A1"))
	requireCode(t, http.StatusPaymentRequired, w.checkout("Broke"))
	w.requireCart("Broke", "A1")
	w.requireSeat("A1", Reserved)
	w.requireMails("Broke", "not paid: the card is declined")
	require.Zero(t, w.bank.Balance())
}

func TestBankThatLosesAResponseChargesOnce(t *testing.T) {
	t.Parallel()
	w := start(t, time.Hour, restatetest.InProcess)
	require.NoError(t, w.add("Unlucky", "B7"))
	require.NoError(t, w.checkout("Unlucky"))
	w.requireSeat("B7", Sold)
	require.Equal(t, price, w.bank.Balance())
}

func TestSeatExpiresAfterItsTime(t *testing.T) {
	t.Parallel()
	w := start(t, 15*time.Minute, restatetest.InProcess, restatetest.ManualClock)
	require.NoError(t, w.add("Ada", "A1"))
	require.NoError(t, w.add("Bob", "B1"))
	require.NoError(t, w.checkout("Bob"))

	w.Advance(14 * time.Minute)
	w.requireCart("Ada", "A1")
	require.NoError(t, ingress.CallVoid(t.Context(), w.cart("Ada"), (*Cart).Remove, "A1"))
	w.requireSeat("A1", Available)
	require.NoError(t, w.add("Ada", "A1"), "a new reservation")

	w.Advance(2 * time.Minute)
	w.requireCart("Ada", "A1")
	w.requireSeat("A1", Reserved)
	w.requireSeat("B1", Sold)

	w.Advance(13 * time.Minute)
	w.requireSeat("A1", Available)
	w.requireCart("Ada")
	w.requireSeat("B1", Sold)
}

// On a server too, and the application is down when the time is over.
func TestSeatExpiresAlthoughTheApplicationDied(t *testing.T) {
	t.Parallel()
	w := start(t, time.Second)
	require.NoError(t, w.add("Ada", "A1"))
	w.KillApp()
	w.StartApp()
	w.requireSeat("A1", Available)
	w.requireCart("Ada")
}

func TestCheckoutThatIsCancelledCostsNothing(t *testing.T) {
	t.Parallel()
	for name, backend := range backends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, time.Hour, backend...)
			w.bank.Down(true)
			require.NoError(t, w.add("Ada", "A1"))
			sent, err := ingress.Send0(t.Context(), w.cart("Ada"), (*Cart).Checkout)
			require.NoError(t, err)
			w.Until(func() bool { return w.bank.Balance() == price }, "the bank takes the money, and does not say so")

			checkout := w.InvocationOf(sent)
			checkout.Cancel()
			checkout.AwaitStatus(admin.StatusCompleted)

			_, err = sent.Attach(t.Context())
			requireCode(t, http.StatusConflict, err)
			require.Zero(t, w.bank.Balance())
			w.requireCart("Ada", "A1")
			if backend != nil {
				w.Advance(time.Minute) // the payment, which waits for its next attempt, is cancelled in it
			}
			w.Until(func() bool {
				mails := w.post.Texts("Ada")
				return len(mails) == 2 && strings.HasPrefix(mails[0], "not paid") && mails[1] == "your money is on its way back"
			}, "the customer hears of the failure and of the refund")
		})
	}
}

func TestSaleSurvivesACrashAnywhere(t *testing.T) {
	t.Parallel()
	for name, customer := range map[string]string{
		"when it is paid":     "Ada",
		"when it is declined": "Broke",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{}
			restatetest.CrashEverywhere(t, restatetest.Scenario{
				App: func() []fx.Option {
					w.bank, w.post = NewBank(quiet), NewPost(quiet) // outside: they do not die
					return []fx.Option{restatetest.InProcess, theatre(Hold(time.Minute)), fx.Replace(w.bank, w.post)}
				},
				Do: func(t testing.TB, env *restatetest.Env) any {
					w := &world{t: t, Env: env}
					return []any{w.add(customer, "A1"), w.checkout(customer) != nil}
				},
				Exactly: func() any { return []any{w.bank.Balance(), w.post.Texts(customer)} },
			})
		})
	}
}

func TestDemoRunsToItsEnd(t *testing.T) {
	t.Parallel()
	require.NoError(t, run(true, Hold(time.Hour)))
}
