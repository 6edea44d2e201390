package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/rpc"
)

// Basket is a virtual object.
type Basket struct{}

var basketItems = durable.NewStateKey[[]string]("items")

func (*Basket) Add(ctx restate.ObjectContext, item string) error {
	items, err := basketItems.Get(ctx)
	if err != nil {
		return err
	}
	return basketItems.Set(ctx, append(items, item))
}

func (*Basket) Items(ctx restate.ObjectSharedContext) ([]string, error) { return basketItems.Get(ctx) }

// Prices is a service.
type Prices struct{}

func (*Prices) Of(_ restate.Context, item string) (int, error) {
	if item == "gold" {
		return 0, restate.ToTerminalError(fmt.Errorf("no %s", item), restate.WithErrorCode(http.StatusNotFound))
	}
	return 100 * len(item), nil
}

// Checkout calls both. Its clients are injected.
type Checkout struct {
	prices  rpc.Service[*Prices]
	baskets rpc.Object[*Basket]
}

func NewCheckout(prices rpc.Service[*Prices], baskets rpc.Object[*Basket]) *Checkout {
	return &Checkout{prices, baskets}
}

func (c *Checkout) Buy(ctx restate.Context, item string) (string, error) {
	price, err := rpc.Call(ctx, c.prices, (*Prices).Of, item)
	if err != nil {
		if failed, ok := errors.AsType[*rpc.CallError](err); ok && failed.Code() == http.StatusNotFound {
			return "", restate.ToTerminalError(fmt.Errorf("%s says: %s", failed.Target, failed.Message()), restate.WithErrorCode(failed.Code()))
		}
		return "", err // as it is, with the code of Of
	}
	basket := c.baskets.Key(item)
	if err := rpc.CallVoid(ctx, basket, (*Basket).Add, item); err != nil {
		return "", err
	}
	items, err := rpc.Call0(ctx, basket, (*Basket).Items)
	return fmt.Sprint(items, " for ", price), err
}

func ExampleCall() {
	client, stop := testkit.StartApp(
		fxrestate.Service[*Prices](func() *Prices { return &Prices{} }),
		fxrestate.Object[*Basket](func() *Basket { return &Basket{} }),
		fxrestate.Service[*Checkout](NewCheckout),
	)
	defer stop()
	ctx, checkout := context.Background(), ingress.NewService[*Checkout](client)

	bought, err := ingress.Call(ctx, checkout, (*Checkout).Buy, "tea")
	fmt.Println(bought, err)
	_, err = ingress.Call(ctx, checkout, (*Checkout).Buy, "gold")
	failure := restate.AsTerminalError(err)
	fmt.Println(failure.Code(), failure.Message())
	// Output:
	// [tea] for 300 <nil>
	// 404 Prices/Of says: no gold
}
