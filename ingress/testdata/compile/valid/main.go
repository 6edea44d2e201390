// Command valid is compiled by a test of package ingress.
package main

import (
	"context"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/ingress"
)

type Payments struct{}

func (*Payments) Charge(restate.Context, int) (string, error) { return "", nil }
func (*Payments) Local(context.Context, int) (string, error)  { return "", nil }

type Cart struct{}

func (*Cart) AddItem(restate.ObjectContext, string) (int, error) { return 0, nil }
func (*Cart) Total(restate.ObjectSharedContext) (int, error)     { return 0, nil }

var (
	ctx      = context.Background()
	payments ingress.Service[*Payments]
	carts    ingress.Object[*Cart]
	_        = restate.WithDelay
)

func main() {
	_, _ = ingress.Call(ctx, payments, (*Payments).Charge, 7, restate.WithIdempotencyKey("k"))
	_, _ = ingress.Call(ctx, carts.Key("k"), (*Cart).AddItem, "tea")
	_, _ = ingress.Call0(ctx, carts.Key("k"), (*Cart).Total)
	_, _ = ingress.Send(ctx, payments, (*Payments).Charge, 7, restate.WithDelay(1))
	_ = ingress.Handler(carts, (*Cart).AddItem, nil)
}
