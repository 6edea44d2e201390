package fxrestate_test

import (
	"encoding/json"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/rpc"
)

type order struct {
	ID string `json:"id"`
}

// orders gets messages of many senders, and not all of them send JSON.
type orders struct {
	unreadable rpc.Service[*unreadable]
}

func newOrders(u rpc.Service[*unreadable]) *orders { return &orders{u} }

func (o *orders) Import(ctx restate.Context, body []byte) error {
	var in order
	if err := json.Unmarshal(body, &in); err != nil {
		_, err = rpc.SendVoid(ctx, o.unreadable, (*unreadable).Keep, string(body))
		return err
	}
	return nil // go on with the order
}

// unreadable keeps what nobody understands for people to look at.
type unreadable struct{}

func (*unreadable) Keep(restate.Context, string) error { return nil }

// A handler that decodes for itself does not lose what it cannot decode, where
// others answer 400.
func ExampleRaw() {
	_ = fx.Options(
		fxrestate.Module,
		fxrestate.Service[*orders](newOrders,
			fxrestate.Handler((*orders).Import, fxrestate.Raw()),
		),
		fxrestate.Service[*unreadable](func() *unreadable { return &unreadable{} }),
	)
}
