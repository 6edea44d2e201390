package main

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/examples/shop/catalogue"
	"github.com/fxrestate/go/examples/shop/payments"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

func TestProblemsAreToldToTheClient(t *testing.T) {
	t.Parallel()
	w := start(t)
	for name, test := range map[string]struct {
		method, path, body string
		status             int
		detail             string
	}{
		"a charge above the limit":        {"POST", "/charges", `{"customer":"ada","amount":10001}`, 403, "Forbidden"},
		"a charge that hides its amount":  {"POST", "/charges", `{"customer":"ada","amount":1,"AMOUNT":10001}`, 403, "Forbidden"},
		"a card that is declined":         {"POST", "/charges", `{"customer":"broke","amount":1}`, 402, "the card is declined"},
		"a charge of nobody":              {"POST", "/charges", `{"amount":1}`, 400, "invalid input: customer: required"},
		"a transaction that is not there": {"POST", "/refunds", `{"transactionId":"none"}`, 404, `there is no transaction "none"`},
		"a cart with less than nothing":   {"POST", "/carts/ada/items", `{"sku":"cup","quantity":-1}`, 400, "the quantity must be from 1 to 1000"},
		"a cart with too much":            {"POST", "/carts/ada/items", `{"sku":"cup","quantity":24595658764946069}`, 400, "the quantity must be from 1 to 1000"},
		"a cart with what is not sold":    {"POST", "/carts/ada/items", `{"sku":"moon","quantity":1}`, 404, `there is no product "moon"`},
		"a product that is not sold":      {"GET", "/products/moon", "", 404, `there is no product "moon"`},
		"a price of nothing":              {"PATCH", "/products/cup", `{"percent":-100}`, 400, "nothing is for free"},
		"a price that nobody pays":        {"PATCH", "/products/cup", `{"percent":1000000000}`, 400, "a price at most doubles"},
		"a signup that is not there":      {"GET", "/signups/none", "", 404, `there is no signup "none"`},
		"a customer who is not there":     {"GET", "/customers/none/points", "", 404, `there is no customer "none"`},
		"an order that is not there":      {"GET", "/orders/none", "", 404, `there is no order "none"`},
		"a webhook that is not signed":    {"POST", "/webhooks/bank", `{"id":"1","type":"charge.settled","order":"1"}`, 401, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := *w
			w.t, w.Env = t, w.With(t)
			w.do(test.method, test.path, test.body).problem(test.status, test.detail)
		})
	}
	require.Empty(t, w.bank.Taken())
}

func TestChargeIsMadeAndRefundedOnce(t *testing.T) {
	t.Parallel()
	restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
		t.Parallel()
		w := start(t, backend)
		first := w.do("POST", "/charges", `{"customer":"ada","amount":250}`, "Idempotency-Key: 1")
		again := w.do("POST", "/charges", `{"customer":"ada","amount":250}`, "Idempotency-Key: 1")
		require.Equal(t, http.StatusOK, first.status, first.body)
		require.Equal(t, first.body, again.body)
		var receipt payments.Receipt
		require.NoError(t, json.Unmarshal([]byte(first.body), &receipt))
		require.Equal(t, map[string]int{receipt.TransactionID: 250}, w.bank.Taken())
		require.Equal(t, []string{"Charged $2.50."}, w.mailer.Texts("ada"))

		for range 2 {
			require.Equal(t, http.StatusNoContent, w.do("POST", "/refunds", first.body).status)
			require.Equal(t, map[string]int{receipt.TransactionID: 0}, w.bank.Taken())
		}
	})
}

func TestBankThatLosesAResponseChargesOnce(t *testing.T) {
	t.Parallel()
	w := start(t, restatetest.InProcess)
	require.Equal(t, http.StatusOK, w.do("POST", "/charges", `{"customer":"unlucky","amount":250}`).status)
	require.Len(t, w.bank.Taken(), 1)
	require.Equal(t, []string{"Charged $2.50."}, w.mailer.Texts("unlucky"))
}

func TestCartKeepsThePriceAtWhichItWasFilled(t *testing.T) {
	t.Parallel()
	restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
		t.Parallel()
		w := start(t, backend)
		w.requireJSON(`0`, "/carts/ada/total")
		w.do("POST", "/carts/ada/items", `{"sku":"cup","quantity":2}`).json(`[{"sku":"cup","quantity":2,"cents":750}]`)
		w.do("PATCH", "/products/cup", `{"percent":10}`).json(`{"cents":825,"version":1}`)
		w.do("POST", "/carts/ada/items", `{"sku":"cup","quantity":1}`).
			json(`[{"sku":"cup","quantity":2,"cents":750},{"sku":"cup","quantity":1,"cents":825}]`)
		w.requireJSON(`2325`, "/carts/ada/total")
		w.requireJSON(`0`, "/carts/bob/total")
	})
}

func TestPriceIsChangedByOneWriterAtATime(t *testing.T) {
	t.Parallel()
	restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
		t.Parallel()
		w := start(t, backend)
		cup, done := ingress.NewObject[*catalogue.Product](w.Ingress()).Key("cup"), make(chan error)
		for range 4 {
			go func() {
				_, err := ingress.Call(t.Context(), cup, (*catalogue.Product).Reprice, catalogue.Change{Percent: 100})
				done <- err
			}()
		}
		for range 4 {
			require.NoError(t, <-done)
		}
		w.requireJSON(`{"cents":12000,"version":4}`, "/products/cup")
	})
}
