package main

import (
	"context"
	"net/http"
	"os"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"go.uber.org/zap"

	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/ingress"
)

var errTooMuch = restate.TerminalErrorf("too much")

func TestAGeneratedClientIsReplacedByAFake(t *testing.T) {
	t.Parallel()
	payments := PaymentsFake{Charge: func(_ context.Context, in Charge) (Receipt, error) { // it takes no money
		if in.Cents > 100 {
			return Receipt{}, restate.ToTerminalError(errTooMuch, restate.WithErrorCode(http.StatusPaymentRequired))
		}
		return Receipt{ID: "for nothing"}, nil
	}}
	var client *ingress.Client
	app := fxtest.New(t,
		fx.Supply(flags{data: t.TempDir(), packing: 10 * time.Millisecond}, zap.NewNop(), devserver.Config{Progress: os.Stderr}),
		devserver.Module,
		fx.Provide(ownServer),
		services,
		fx.Decorate(payments.Replace),
		fx.Populate(&client),
		fx.StartTimeout(time.Minute), fx.StopTimeout(time.Minute),
	)
	app.RequireStart()
	t.Cleanup(app.RequireStop)
	carts, orders := ingress.NewObject[*Cart](client), ingress.NewWorkflow[*Order](client)

	_, err := ingress.Call(t.Context(), carts.Key("ada"), (*Cart).Add, Item{SKU: "pin", Quantity: 1, Price: 90})
	require.NoError(t, err)
	status, err := ingress.Call(t.Context(), orders.ID("cheap"), (*Order).Run, PlaceOrder{Customer: "ada"})
	require.NoError(t, err)
	require.Equal(t, OrderStatus{Step: "shipped", Total: 90, Receipt: "for nothing"}, status)

	_, err = ingress.Call(t.Context(), carts.Key("bob"), (*Cart).Add, Item{SKU: "ring", Quantity: 1, Price: 9000})
	require.NoError(t, err)
	_, err = ingress.Call(t.Context(), orders.ID("dear"), (*Order).Run, PlaceOrder{Customer: "bob"})
	require.Equal(t, restate.Code(http.StatusPaymentRequired), restate.AsTerminalError(err).Code())
}
