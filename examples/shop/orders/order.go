// Package orders has the workflow of an order, which calls the other features.
package orders

import (
	"fmt"
	"net/http"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/examples/shop/carts"
	"github.com/fxrestate/go/examples/shop/customers"
	"github.com/fxrestate/go/examples/shop/notifications"
	"github.com/fxrestate/go/examples/shop/payments"
	"github.com/fxrestate/go/examples/shop/problem"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/rpc"
)

// Place is the input of an order: the customer buys what is in the cart.
type Place struct {
	Customer string `json:"customer"`
}

// Status is how far an order is.
type Status struct {
	Step   string `json:"step"` // "placed", "charged", "paid", "failed"
	Amount int    `json:"amount,omitempty"`
	Reason string `json:"reason,omitempty"` // why it failed
}

// The state of an order, and the promise that it waits for.
var (
	status  = durable.NewStateKey[Status]("status")
	settled = durable.NewPromiseKey[restate.Void]("settled")
)

// Order is a workflow: it runs once for each order id.
type Order struct {
	carts         rpc.Object[*carts.Cart]
	payments      rpc.Service[*payments.Service]
	notifications rpc.Service[*notifications.Service]
	points        rpc.Service[*customers.Points]
}

// NewOrder is the constructor of Order.
func NewOrder(
	c rpc.Object[*carts.Cart], p rpc.Service[*payments.Service],
	n rpc.Service[*notifications.Service], points rpc.Service[*customers.Points],
) *Order {
	return &Order{c, p, n, points}
}

// Run takes an order from the cart to the money on the account. If it fails or is cancelled,
// the cart is as it was, and so is the card.
func (o *Order) Run(ctx restate.WorkflowContext, in Place) (Status, error) {
	if err := status.Set(ctx, Status{Step: "placed"}); err != nil {
		return Status{}, err
	}
	amount, err := durable.Saga(ctx, func(undo *durable.Compensations) (int, error) {
		return o.pay(ctx, in.Customer, undo)
	})
	if restate.IsTerminalError(err) {
		if err := status.Set(ctx, Status{Step: "failed", Reason: err.Error()}); err != nil {
			return Status{}, err
		}
	}
	if err != nil {
		return Status{}, err
	}
	paid := Status{Step: "paid", Amount: amount}
	if err := status.Set(ctx, paid); err != nil {
		return Status{}, err
	}
	return paid, o.tell(ctx, in.Customer, amount)
}

// pay empties the cart, charges for the contents, and waits for the money. Each compensation
// is registered before what it undoes, and does nothing if that did not happen.
func (o *Order) pay(ctx restate.WorkflowContext, customer string, undo *durable.Compensations) (int, error) {
	id, cart := restate.Key(ctx), o.carts.Key(customer)
	undo.Call("put back", func(ctx restate.Context) error { return rpc.CallVoid(ctx, cart, (*carts.Cart).PutBack, id) })
	lines, err := rpc.Call(ctx, cart, (*carts.Cart).Checkout, id)
	if err != nil {
		return 0, err
	}
	undo.Call("refund", func(ctx restate.Context) error {
		err := rpc.CallVoid(ctx, o.payments, (*payments.Service).Refund, payments.Refund{TransactionID: id})
		if handler.CodeOf(err) == http.StatusNotFound {
			return nil // nothing was charged
		}
		return err
	})
	amount := carts.Total(lines)
	charge := payments.OrderCharge{Charge: payments.Charge{Customer: customer, Amount: amount}, Order: id}
	if _, err := rpc.Call(ctx, o.payments, (*payments.Service).ChargeOrder, charge); err != nil {
		return 0, err
	}
	if err := status.Set(ctx, Status{Step: "charged", Amount: amount}); err != nil {
		return 0, err
	}
	_, err = settled.Result(ctx) // suspends until the bank's webhook comes: see Settle
	return amount, err
}

// tell tells the others of an order that is paid. None of them is waited for.
func (o *Order) tell(ctx restate.WorkflowContext, customer string, amount int) error {
	id := restate.Key(ctx)
	if _, err := rpc.SendVoid(ctx, o.carts.Key(customer), (*carts.Cart).Sold, id); err != nil {
		return err
	}
	award := customers.Award{Email: customer, Points: amount / 100}
	if _, err := rpc.SendVoid(ctx, o.points, (*customers.Points).Earn, award); err != nil {
		return err
	}
	mail := notifications.Mail{To: customer, Text: fmt.Sprintf("Thank you for order %s.", id)}
	_, err := rpc.SendVoid(ctx, o.notifications, (*notifications.Service).Send, mail)
	return err
}

// Settle is a signal: it tells the order what became of the money. The first one counts.
func (*Order) Settle(ctx restate.WorkflowSharedContext, ok bool) error {
	switch _, known, err := settled.Peek(ctx); {
	case err != nil || known:
		return err
	case ok:
		return settled.Resolve(ctx, restate.Void{})
	default:
		return settled.Reject(ctx, restate.ToTerminalError(errNoMoney, restate.WithErrorCode(http.StatusPaymentRequired)))
	}
}

// Status is a query: it returns how far the order is, while it runs and afterwards.
func (*Order) Status(ctx restate.WorkflowSharedContext) (Status, error) {
	now, known, err := status.Lookup(ctx)
	if err == nil && !known {
		err = problem.NotFound("order", restate.Key(ctx))
	}
	return now, err
}
