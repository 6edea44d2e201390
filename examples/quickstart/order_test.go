package main

import (
	"context"
	"net/http"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

// fill puts an item into a customer's cart.
func fill(t *testing.T, env *restatetest.Env, customer string, price int) {
	t.Helper()
	carts := ingress.NewObject[*Cart](env.Ingress())
	_, err := ingress.Call(t.Context(), carts.Key(customer), (*Cart).Add, Item{SKU: "pin", Quantity: 1, Price: price})
	require.NoError(t, err)
}

func TestAnOrderIsShipped(t *testing.T) {
	t.Parallel()
	restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
		t.Parallel()
		env := restatetest.Start(t, backend, services, fx.Supply(flags{packing: time.Millisecond}))
		fill(t, env, "ada", 90)
		orders := ingress.NewWorkflow[*Order](env.Ingress())

		status, err := ingress.Call(t.Context(), orders.ID("1"), (*Order).Run, PlaceOrder{Customer: "ada"})
		require.NoError(t, err)
		require.Equal(t, "shipped", status.Step)
		require.Equal(t, 90, status.Total)
		require.Empty(t, restatetest.StateOf[*Cart](env, "ada").All(), "the cart was emptied")
	})
}

func TestAnOrderSurvivesACrash(t *testing.T) {
	t.Parallel()
	env := restatetest.Start(t, services, fx.Supply(flags{packing: time.Second}))
	fill(t, env, "ada", 90)
	orders := ingress.NewWorkflow[*Order](env.Ingress())

	order, err := ingress.Send(t.Context(), orders.ID("1"), (*Order).Run, PlaceOrder{Customer: "ada"})
	require.NoError(t, err)
	env.InvocationOf(order).AwaitEntry("Sleep packing")
	var paid OrderStatus
	require.True(t, restatetest.StateOf[*Order](env, "1").Get("status", &paid))

	env.KillApp()
	env.StartApp()

	status, err := order.Attach(t.Context())
	require.NoError(t, err)
	require.Equal(t, "shipped", status.Step)
	require.Equal(t, paid.Receipt, status.Receipt, "nothing was paid again")
}

// poor takes no more than a dollar.
var poor = PaymentsFake{Charge: func(_ context.Context, in Charge) (Receipt, error) {
	if in.Cents > 100 {
		return Receipt{}, restate.ToTerminalError(errTooMuch, restate.WithErrorCode(http.StatusPaymentRequired))
	}
	return Receipt{ID: "a dollar"}, nil
}}

var errTooMuch = restate.TerminalErrorf("too much")

func TestAnOrderThatIsNotPaidFails(t *testing.T) {
	t.Parallel()
	env := restatetest.Start(t, restatetest.InProcess, services, fx.Supply(flags{packing: time.Millisecond}), fx.Decorate(poor.Replace))
	fill(t, env, "ada", 90)
	fill(t, env, "bob", 9000)
	orders := ingress.NewWorkflow[*Order](env.Ingress())

	status, err := ingress.Call(t.Context(), orders.ID("cheap"), (*Order).Run, PlaceOrder{Customer: "ada"})
	require.NoError(t, err)
	require.Equal(t, OrderStatus{Step: "shipped", Total: 90, Receipt: "a dollar"}, status)
	_, err = ingress.Call(t.Context(), orders.ID("dear"), (*Order).Run, PlaceOrder{Customer: "bob"})
	require.Equal(t, restate.Code(http.StatusPaymentRequired), restate.AsTerminalError(err).Code())
}
