package main

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/restatetest"
)

// Tests of single methods, without a server.

func TestACartSumsUp(t *testing.T) {
	t.Parallel()
	ctx := restatetest.NewContext(t, restatetest.Request{
		Handler: (*Cart).Add, Key: "ada", State: map[string]any{"items": []Item{{SKU: "pin", Quantity: 2, Price: 90}}},
	})
	cart, err := NewCart().Add(ctx, Item{SKU: "ring", Quantity: 1, Price: 9000})
	require.NoError(t, err)
	require.Equal(t, 9180, cart.Total)
}

func TestAnOrderTakesItsTimeToPack(t *testing.T) {
	t.Parallel()
	carts := CartFake{Empty: func(context.Context, string) (Contents, error) {
		return Contents{Items: []Item{{SKU: "pin"}}, Total: 90}, nil
	}}
	order := NewOrder(flags{packing: 24 * time.Hour}, carts.Client(), poor.Client(), NewCourier(slog.New(slog.DiscardHandler)))
	ctx := restatetest.NewContext(t, restatetest.Request{Handler: (*Order).Run, Key: "1"})
	begin := ctx.Now()

	status, err := order.Run(ctx, PlaceOrder{Customer: "ada"})
	require.NoError(t, err)
	require.Equal(t, OrderStatus{Step: "shipped", Total: 90, Receipt: "a dollar"}, status)
	require.Equal(t, 24*time.Hour, ctx.Now().Sub(begin))
	require.Equal(t, []string{"call-courier"}, ctx.Steps())
}
