package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
)

// webhook returns the request that the carrier sends.
func (w *world) webhook(d Delivery) request {
	body := encode(d)
	return request{method: "POST", url: w.api.URL() + "/webhooks/carrier", body: body, signature: w.carrier.Sign(body)}
}

// mailed waits for the mails to a customer.
func (w *world) mailed(customer string, texts ...string) {
	w.t.Helper()
	var want []Mail
	for _, text := range texts {
		want = append(want, Mail{customer, text})
	}
	require.Eventually(w.t, func() bool { return len(w.postbox.For(customer)) == len(want) }, time.Minute, 20*time.Millisecond)
	require.Equal(w.t, want, w.postbox.For(customer))
}

func TestAnOrder(t *testing.T) {
	t.Parallel()
	for name, mode := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, mode)
			t.Run("that cannot be paid leaves the cart as it was", func(t *testing.T) { cannotBePaid(w.in(t)) })
			t.Run("goes from the cart to the door", func(t *testing.T) { goesToTheDoor(w.in(t)) })
			t.Run("waits for a bank that does not respond", func(t *testing.T) { waitsForTheBank(w.in(t)) })
		})
	}
}

func cannotBePaid(w *world) {
	w.post("/cart/Broke/add", Line{"Oolong", 100, 1450})
	w.result(w.post("/orders/broke", Order{"Broke"})).problem(http.StatusPaymentRequired, "the card is declined")
	require.Equal(w.t, "1450", string(w.get("/cart/Broke/total").body))

	w.post("/cart/Rich/add", Line{"Da Hong Pao", 20, 2_000_000})
	w.result(w.post("/orders/rich", Order{"Rich"})).problem(http.StatusForbidden, "Forbidden")
	require.Equal(w.t, "2000000", string(w.get("/cart/Rich/total").body))

	w.result(w.post("/orders/nothing", Order{"Nobody"})).problem(http.StatusConflict, "the cart is empty")
	require.Empty(w.t, w.bank.Paid())
	require.Empty(w.t, w.postbox.For("Broke"))
}

func goesToTheDoor(w *world) {
	w.post("/cart/Ada/add", Line{"Oolong", 100, 1450})
	var cart []Line
	w.post("/cart/Ada/add", Line{"Assam", 50, 400}).as(&cart)
	require.Equal(w.t, []Line{{"Oolong", 100, 1450}, {"Assam", 50, 400}}, cart)
	require.Equal(w.t, "1850", string(w.get("/cart/Ada/total").body))

	placed := w.post("/orders/1", Order{"Ada"})
	p := w.comesTo("1", "shipped")
	require.Equal(w.t, 1850, p.Cents)
	require.Equal(w.t, map[string]int{p.Receipt: 1850}, w.bank.Paid())
	require.Equal(w.t, "0", string(w.get("/cart/Ada/total").body))
	require.Equal(w.t, http.StatusAccepted, w.get(placed.header.Get("Location")).status, "it waits for the carrier")

	forged := w.webhook(Delivery{"parcel-1", "1", "number 7"})
	forged.body = encode(Delivery{"parcel-1", "1", "my own"})
	w.do(forged).problem(http.StatusUnauthorized, "")
	first := w.do(w.webhook(Delivery{"parcel-1", "1", "number 7"}))
	again := w.do(w.webhook(Delivery{"parcel-1", "1", "number 7"}))
	require.Equal(w.t, http.StatusAccepted, first.status, "%s", first.body)
	require.Equal(w.t, first.header.Get("X-Restate-Id"), again.header.Get("X-Restate-Id"))

	var done Progress
	w.result(placed).as(&done)
	require.Equal(w.t, Progress{"delivered", 1850, p.Receipt, "number 7"}, done)
	require.Equal(w.t, done, w.comesTo("1", "delivered"))

	other := w.do(w.webhook(Delivery{"parcel-1, once more", "1", "number 8"}))
	require.Equal(w.t, http.StatusNoContent, w.settled("/invocations/"+other.header.Get("X-Restate-Id")).status)
	require.Equal(w.t, "number 7", w.comesTo("1", "delivered").Door)
	w.mailed("Ada", "thank you for order 1", "how was your tea?")
}

func waitsForTheBank(w *world) {
	w.post("/cart/Unlucky/add", Line{"Assam", 50, 400})
	w.post("/orders/unlucky", Order{"Unlucky"})
	require.Equal(w.t, 400, w.comesTo("unlucky", "shipped").Cents, "a bank that does not respond has not declined")
}

func TestTheMailAfterTheDeliveryIsLate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		later time.Duration
		mails []string
	}{
		"and the order does not wait for it": {time.Hour, []string{"thank you for order 1"}},
		"and comes":                          {2 * time.Second, []string{"thank you for order 1", "how was your tea?"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, modes["on a server with its defaults"], fx.Replace(settings{addr: "127.0.0.1:0", askAfter: test.later}))
			w.post("/cart/Ada/add", Line{"Oolong", 100, 1450})
			began := time.Now()
			placed := w.post("/orders/1", Order{"Ada"})
			w.do(w.webhook(Delivery{"parcel-1", "1", "number 7"})) // possibly before the order waits for it
			require.Equal(t, http.StatusOK, w.result(placed).status)
			w.mailed("Ada", test.mails...)
			if len(test.mails) > 1 {
				require.GreaterOrEqual(t, time.Since(began), test.later)
			}
		})
	}
}
