package orders

import (
	"errors"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/examples/shop/payments"
	"github.com/fxrestate/go/examples/shop/problem"
	"github.com/fxrestate/go/rpc"
)

// errNoMoney is what an order fails with if the bank could not get the money.
var errNoMoney = errors.New("the bank did not get the money")

// BankEvents is a service that the bank's webhook is pointed to. An event that the server
// has is not lost, and one that comes twice is handled once.
type BankEvents struct{ orders rpc.Workflow[*Order] }

// NewBankEvents is the constructor of BankEvents.
func NewBankEvents(orders rpc.Workflow[*Order]) *BankEvents { return &BankEvents{orders} }

// Record routes an event to its order, by a message.
func (b *BankEvents) Record(ctx restate.Context, e payments.Event) error {
	if e.Order == "" {
		return problem.Invalid("the event names no order")
	}
	if e.Type != payments.Settled && e.Type != payments.Failed {
		return nil // there are others, which are not for us
	}
	_, err := rpc.SendVoid(ctx, b.orders.ID(e.Order), (*Order).Settle, e.Type == payments.Settled)
	return err
}
