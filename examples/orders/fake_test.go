package main

import (
	"context"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
)

func TestGeneratedClientsAreReplacedByFakes(t *testing.T) {
	// No money moves.
	payments := PaymentsFake{Charge: func(_ context.Context, in Charge) (Receipt, error) {
		if in.Cents > 100 {
			return Receipt{}, refuse(http.StatusPaymentRequired, "not from me")
		}
		return Receipt{ID: "for nothing"}, nil
	}}
	var mu sync.Mutex
	sent := map[string]bool{} // by text: a replay sends again
	notifications := NotificationsFake{Notify: func(_ context.Context, m Mail) error {
		mu.Lock()
		defer mu.Unlock()
		sent[m.Text] = true
		return nil
	}}
	w := start(t, modes["on a server with its defaults"], fx.Decorate(payments.Replace, notifications.Replace))
	w.post("/cart/Ada/add", Line{"Assam", 10, 90})
	w.post("/orders/cheap", Order{"Ada"})
	require.Equal(t, Progress{Step: "shipped", Cents: 90, Receipt: "for nothing"}, w.comesTo("cheap", "shipped"))
	require.Empty(t, w.bank.Paid())
	require.Empty(t, w.postbox.For("Ada"))
	mu.Lock()
	require.Equal(t, map[string]bool{"thank you for order cheap": true}, sent)
	mu.Unlock()

	w.post("/cart/Bob/add", Line{"Oolong", 100, 1450})
	w.result(w.post("/orders/dear", Order{"Bob"})).problem(http.StatusPaymentRequired, "not from me")
}
