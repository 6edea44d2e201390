package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

// process begins a payment and waits until the provider has it.
func (w *world) process(order string) ingress.Handle[string] {
	w.t.Helper()
	payments := ingress.NewService[*Payments](w.Ingress())
	sent, err := ingress.Send(w.t.Context(), payments, (*Payments).Process, Payment{order, 4_200})
	require.NoError(w.t, err)
	w.Until(func() bool { return w.provider.Waits(order) != "" }, "the payment is initiated")
	return sent
}

func (w *world) confirm(in Confirmation) {
	w.t.Helper()
	payments := ingress.NewService[*Payments](w.Ingress())
	require.NoError(w.t, ingress.CallVoid(w.t.Context(), payments, (*Payments).Confirm, in))
}

// backends are what tests of waiting payments run on. In process, no time passes unless
// the test says so.
var backends = map[string][]fx.Option{
	"in process":  {restatetest.InProcess, restatetest.ManualClock},
	"on a server": nil,
}

func TestPaymentWaitsForItsConfirmation(t *testing.T) {
	t.Parallel()
	for name, backend := range backends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, time.Hour, backend...)

			paid, declined, cancelled := w.process("1"), w.process("2"), w.process("3")
			w.confirm(Confirmation{ID: w.provider.Waits("1"), Transaction: "t-1"})
			w.confirm(Confirmation{ID: w.provider.Waits("1"), Transaction: "t-2"})
			transaction, err := paid.Attach(t.Context())
			require.NoError(t, err)
			require.Equal(t, "t-1", transaction, "the first confirmation counts")

			w.confirm(Confirmation{ID: w.provider.Waits("2"), Declined: "no money"})
			_, err = declined.Attach(t.Context())
			require.ErrorContains(t, err, "no money")

			w.provider.Waits("3")
			w.InvocationOf(cancelled).Cancel()
			_, err = cancelled.Attach(t.Context())
			requireCode(t, http.StatusConflict, err)
			require.Equal(t, []string{"1"}, w.provider.All(), "the others are withdrawn")
		})
	}
}

func TestPaymentIsWithdrawnWhenNobodyConfirmsIt(t *testing.T) {
	t.Parallel()
	w := start(t, 30*time.Second, restatetest.InProcess, restatetest.ManualClock)
	late := w.process("1")
	w.Advance(29 * time.Second)
	require.Equal(t, []string{"1"}, w.provider.All())
	w.Advance(time.Second)
	_, err := late.Attach(t.Context())
	requireCode(t, http.StatusRequestTimeout, err)
	require.Empty(t, w.provider.All())
	w.confirm(Confirmation{ID: w.provider.Waits("1"), Transaction: "t-1"}) // changes nothing
	require.Empty(t, w.provider.All())
}

// The application dies while it waits. What it knew lies outside of it: the provider is
// another system, and the journal is on the server.
func TestPaymentWaitsAlthoughTheApplicationDied(t *testing.T) {
	t.Parallel()
	provider := NewProvider(quiet)
	for name, test := range map[string]struct {
		patience time.Duration
		confirm  bool
	}{
		"and is confirmed": {time.Hour, true},
		"and is too late":  {time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, test.patience, fx.Replace(provider))
			payment := w.process(name)
			w.KillApp()
			w.StartApp()
			if test.confirm {
				w.confirm(Confirmation{ID: provider.Waits(name), Transaction: "t-1"})
			}
			w.InvocationOf(payment).AwaitStatus(admin.StatusCompleted)
			_, err := payment.Attach(t.Context())
			if test.confirm {
				require.NoError(t, err)
			} else {
				requireCode(t, http.StatusRequestTimeout, err)
			}
		})
	}
}
