// Command no_key is compiled by a test of package ingress.
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
	_, _ = ingress.Call(ctx, carts, (*Cart).AddItem, "tea") // ERROR Object[*Cart] of carts does not match "github.com/fxrestate/go/ingress".Target[T] // SEE carts.Key(key)
	_, _ = ingress.Call0(ctx, carts, (*Cart).Total)         // ERROR Object[*Cart] of carts does not match // SEE Call
	_, _ = ingress.Send0(ctx, carts, (*Cart).Total)         // ERROR Object[*Cart] of carts does not match // SEE Send
}
