package main

import (
	"fmt"
	"net/http"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// Order is what a customer places: all that is in the cart.
type Order struct {
	Customer string `json:"customer"`
}

// Progress says how far an order is.
type Progress struct {
	Step    string `json:"step"` // "placed", "shipped", "delivered"
	Cents   int    `json:"cents,omitempty"`
	Receipt string `json:"receipt,omitempty"`
	Door    string `json:"door,omitempty"` // where the parcel was left
}

// The state of an order, and what it waits for: the door at which the parcel was
// left.
var (
	progress  = durable.NewStateKey[Progress]("progress")
	delivered = durable.NewPromiseKey[string]("delivered")
)

// Orders is a workflow: it runs once for each order id.
type Orders struct {
	carts         CartClient
	payments      PaymentsClient
	notifications NotificationsClient
	carrier       *Carrier
	askAfter      time.Duration
}

// NewOrders is the constructor of Orders. What it calls are generated clients,
// which are interfaces: a test can put something else in their place.
func NewOrders(s settings, carts CartClient, payments PaymentsClient, notifications NotificationsClient, carrier *Carrier) *Orders {
	return &Orders{carts: carts, payments: payments, notifications: notifications, carrier: carrier, askAfter: s.askAfter}
}

// Run sees an order through, from the cart to the door.
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

	if err := restate.RunVoid(ctx, func(restate.RunContext) error { return o.carrier.PickUp(id) }, restate.WithName("pick-up")); err != nil {
		return p, err
	}
	p.Step = "shipped"
	if err := progress.Set(ctx, p); err != nil {
		return p, err
	}

	// Suspends until the carrier's webhook comes, if it takes a week.
	if p.Door, err = delivered.Result(ctx); err != nil {
		return p, err
	}
	p.Step = "delivered"
	if err := progress.Set(ctx, p); err != nil {
		return p, err
	}
	// The mail is sent later, and the order is done now.
	return p, o.notify(ctx, in.Customer, "how was your tea?", restate.WithDelay(o.askAfter))
}

// pay takes all out of the cart and charges for it. If the bank says no, all is put
// back.
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

// notify has a mail sent and does not wait for it.
func (o *Orders) notify(ctx restate.Context, customer, text string, opts ...restate.SendOption) error {
	_, err := o.notifications.Send().Notify(ctx, Mail{To: customer, Text: text}, opts...)
	return err
}

// Delivered tells the order that its parcel is at a door. It is for [Deliveries].
func (*Orders) Delivered(ctx restate.WorkflowSharedContext, door string) error {
	if _, known, err := delivered.Peek(ctx); known || err != nil {
		return err
	}
	return delivered.Resolve(ctx, door)
}

// Progress tells how far the order is, while it runs and after.
func (*Orders) Progress(ctx restate.WorkflowSharedContext) (Progress, error) {
	p, known, err := progress.Lookup(ctx)
	if err == nil && !known {
		err = refuse(http.StatusNotFound, "there is no such order")
	}
	return p, err
}
