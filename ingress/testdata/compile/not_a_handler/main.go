// Command not_a_handler is compiled by a test of package ingress.
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
	_, _ = ingress.Call(ctx, payments, (*Payments).Local, 7) // ERROR (type context.Context) does not satisfy restate.Context
}
