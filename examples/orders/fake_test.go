package main

import (
	"net/http"
	"sync"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/rpc"
)

// fakePayments replaces the payments: no money moves. Methods that it does not
// override panic.
type fakePayments struct{ PaymentsClient }

func (fakePayments) Charge(_ restate.Context, in Charge, _ ...restate.RequestOption) (Receipt, error) {
	if in.Cents > 100 {
		return Receipt{}, refuse(http.StatusPaymentRequired, "not from me")
	}
	return Receipt{ID: "for nothing"}, nil
}

// fakeNotifications records what is sent to it.
type fakeNotifications struct {
	NotificationsClient

	sends *fakeSends
}

func (f fakeNotifications) Send() NotificationsSends { return f.sends }

type fakeSends struct {
	mu   sync.Mutex
	sent map[string]bool // by text: a replay sends again
}

func (f *fakeSends) Notify(_ restate.Context, m Mail, _ ...restate.SendOption) (rpc.Handle[restate.Void], error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sent[m.Text] = true
	return rpc.Handle[restate.Void]{}, nil
}

func TestGeneratedClientsAreReplacedByFakes(t *testing.T) {
	sends := &fakeSends{sent: map[string]bool{}}
	w := start(t, modes["on a server with its defaults"],
		fx.Decorate(func(PaymentsClient) PaymentsClient { return fakePayments{} }),
		fx.Decorate(func(NotificationsClient) NotificationsClient { return fakeNotifications{sends: sends} }),
	)
	w.post("/cart/Ada/add", Line{"Assam", 10, 90})
	w.post("/orders/cheap", Order{"Ada"})
	require.Equal(t, Progress{Step: "shipped", Cents: 90, Receipt: "for nothing"}, w.comesTo("cheap", "shipped"))
	require.Empty(t, w.bank.Paid())
	require.Empty(t, w.postbox.For("Ada"))
	sends.mu.Lock()
	defer sends.mu.Unlock()
	require.Equal(t, map[string]bool{"thank you for order cheap": true}, sends.sent)

	w.post("/cart/Bob/add", Line{"Oolong", 100, 1450})
	w.result(w.post("/orders/dear", Order{"Bob"})).problem(http.StatusPaymentRequired, "not from me")
}
