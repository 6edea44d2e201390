package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/examples/shop/carts"
	"github.com/fxrestate/go/restatetest"
)

// signUp makes a customer of somebody.
func (w *world) signUp(email string) {
	w.t.Helper()
	signup := w.do("PUT", "/signups/"+email, `{"name":"Somebody","email":"`+email+`"}`)
	w.do("POST", "/signups/"+email+"/code", `{"code":"`+w.written(email, "Your code: ")+`"}`)
	w.result(signup).json(`"verified"`)
}

// place puts something into a cart, and orders it.
func (w *world) place(order, customer, sku string) answer {
	w.t.Helper()
	require.Equal(w.t, http.StatusOK, w.do("POST", "/carts/"+customer+"/items", `{"sku":"`+sku+`","quantity":1}`).status)
	return w.do("PUT", "/orders/"+order, `{"customer":"`+customer+`"}`)
}

func TestOrderIsPaidWhenTheBankSaysSo(t *testing.T) {
	t.Parallel()
	restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
		t.Parallel()
		w := start(t, backend)
		w.signUp("ada@mail.com")
		order := w.place("1", "ada@mail.com", "teapot")
		w.becomes(`{"step":"charged","amount":3900}`, "/orders/1")
		w.requireJSON(`0`, "/carts/ada@mail.com/total")
		w.written("ada@mail.com", "Charged $39.00.")

		require.Equal(t, http.StatusAccepted, w.webhook(`{"id":"0","type":"charge.disputed","order":"1"}`).status)
		first := w.webhook(`{"id":"1","type":"charge.settled","order":"1"}`)
		again := w.webhook(`{"id":"1","type":"charge.settled","order":"1"}`)
		require.Equal(t, http.StatusAccepted, first.status, first.body)
		require.Equal(t, first.header.Get("X-Restate-Id"), again.header.Get("X-Restate-Id"), "one event")
		w.result(order).json(`{"step":"paid","amount":3900}`)

		w.webhook(`{"id":"2","type":"charge.failed","order":"1"}`)
		w.becomes(`39`, "/customers/ada@mail.com/points")
		w.written("ada@mail.com", "Thank you for order 1.")
		w.requireJSON(`{"step":"paid","amount":3900}`, "/orders/1")
		require.Equal(t, map[string]int{"1": 3900}, w.bank.Taken())
		w.Until(func() bool {
			return string(restatetest.StateOf[*carts.Cart](w.Env, "ada@mail.com").All()["taken"]) == `{}`
		}, "the cart forgets the order")
	})
}

func TestOrderThatCannotBePaidIsUndone(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		customer, sku, event string
		status               int
		reason, total        string
	}{
		"since the card is declined":       {"broke", "cup", "", 402, "the card is declined", `750`},
		"since a guard refuses the amount": {"ada", "samovar", "", 403, "Forbidden", `24900`},
		"since the bank gets no money":     {"ada", "cup", `{"id":"1","type":"charge.failed","order":"1"}`, 402, "the bank did not get the money", `750`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
				t.Parallel()
				w := start(t, backend)
				order := w.place("1", test.customer, test.sku)
				if test.event != "" {
					require.Equal(t, http.StatusAccepted, w.webhook(test.event).status)
				}
				w.result(order).problem(test.status, test.reason)
				w.requireJSON(`{"step":"failed","reason":"`+test.reason+`"}`, "/orders/1")
				w.requireJSON(test.total, "/carts/"+test.customer+"/total")
				for _, taken := range w.bank.Taken() {
					require.Zero(t, taken)
				}
			})
		})
	}
}

func TestOrderOfAnEmptyCartIsRefused(t *testing.T) {
	t.Parallel()
	w := start(t, restatetest.InProcess)
	w.result(w.do("PUT", "/orders/1", `{"customer":"ada"}`)).problem(http.StatusConflict, "the cart is empty")
}

func TestOrderThatIsCancelledIsUndone(t *testing.T) {
	t.Parallel()
	w := start(t)
	order := w.place("1", "ada", "cup")
	w.becomes(`{"step":"charged","amount":750}`, "/orders/1")
	w.Invocation(order.header.Get("X-Restate-Id")).Cancel()
	require.Equal(t, http.StatusConflict, w.result(order).status)
	w.requireJSON(`750`, "/carts/ada/total")
	require.Equal(t, map[string]int{"1": 0}, w.bank.Taken())
}
