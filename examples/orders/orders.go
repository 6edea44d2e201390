package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// Order is the input of an order: the customer buys the contents of the cart.
type Order struct {
	Customer string `json:"customer"`
}

// Progress is the progress of an order.
type Progress struct {
	Step    string `json:"step"` // "placed", "shipped", "delivered"
	Cents   int    `json:"cents,omitempty"`
	Receipt string `json:"receipt,omitempty"`
	Door    string `json:"door,omitempty"` // where the parcel was left
}

// The state of an order, the promise that it waits for (the door where the parcel was
// left) and its step.
var (
	progress  = durable.NewStateKey[Progress]("progress")
	delivered = durable.NewPromiseKey[string]("delivered")
	pickUp    = durable.NewStep[restate.Void]("pick-up")
)

// Orders is a workflow: it runs once for each order id.
type Orders struct {
	carts         CartClient
	payments      PaymentsClient
	notifications NotificationsClient
	carrier       *Carrier
	askAfter      time.Duration
}

// NewOrders is the constructor of Orders. It takes generated clients, which are
// interfaces: a test can replace them.
func NewOrders(s settings, carts CartClient, payments PaymentsClient, notifications NotificationsClient, carrier *Carrier) *Orders {
	return &Orders{carts: carts, payments: payments, notifications: notifications, carrier: carrier, askAfter: s.askAfter}
}

// Run processes an order, from the cart to the door.
func (o *Orders) Run(ctx restate.WorkflowContext, in Order) (Progress, error) {
	if err := progress.Set(ctx, Progress{Step: "placed"}); err != nil {
		return Progress{}, err
	}
	p, err := o.pay(ctx, in.Customer)
	if err != nil {
		return p, err
	}
	id := restate.Key(ctx)
	if err := o.notify(ctx, in.Customer, fmt.Sprintf("thank you for order %s", id)); err != nil {
		return p, err
	}

	if err := durable.RunVoid(ctx, pickUp, func(ctx context.Context) error { return o.carrier.PickUp(ctx, id) }); err != nil {
		return p, err
	}
	p.Step = "shipped"
	if err := progress.Set(ctx, p); err != nil {
		return p, err
	}

	// Suspends until the carrier's webhook arrives, even if that takes a week.
	if p.Door, err = delivered.Result(ctx); err != nil {
		return p, err
	}
	p.Step = "delivered"
	if err := progress.Set(ctx, p); err != nil {
		return p, err
	}
	// The mail is sent later, but the order is done now.
	return p, o.notify(ctx, in.Customer, "how was your tea?", restate.WithDelay(o.askAfter))
}

// pay empties the cart and charges for the contents. If the bank declines, it puts
// them back.
func (o *Orders) pay(ctx restate.WorkflowContext, customer string) (Progress, error) {
	cart := o.carts.Key(customer)
	return durable.Saga(ctx, func(undo *durable.Compensations) (Progress, error) {
		bought, err := cart.Checkout(ctx)
		if err != nil {
			return Progress{}, err
		}
		undo.Call("put-back", func(ctx restate.Context) error { return cart.PutBack(ctx, bought) })
		receipt, err := o.payments.Charge(ctx, Charge{Customer: customer, Cents: total(bought)})
		return Progress{Cents: total(bought), Receipt: receipt.ID}, err
	})
}

// notify sends a mail and does not wait for it.
func (o *Orders) notify(ctx restate.Context, customer, text string, opts ...restate.SendOption) error {
	_, err := o.notifications.Send().Notify(ctx, Mail{To: customer, Text: text}, opts...)
	return err
}

// Delivered tells the order that its parcel was left at a door. [Deliveries] calls
// it.
func (*Orders) Delivered(ctx restate.WorkflowSharedContext, door string) error {
	if _, known, err := delivered.Peek(ctx); known || err != nil {
		return err
	}
	return delivered.Resolve(ctx, door)
}

// Progress returns the progress of the order, while it runs and afterwards.
func (*Orders) Progress(ctx restate.WorkflowSharedContext) (Progress, error) {
	p, known, err := progress.Lookup(ctx)
	if err == nil && !known {
		err = refuse(http.StatusNotFound, "there is no such order")
	}
	return p, err
}
