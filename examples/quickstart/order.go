package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// Courier collects parcels.
type Courier struct{ log *slog.Logger }

// NewCourier is the constructor of Courier.
func NewCourier(log *slog.Logger) *Courier { return &Courier{log} }

// Collect collects a parcel.
func (c *Courier) Collect(ctx context.Context, order string) error {
	c.log.InfoContext(ctx, "parcel collected", "order", order)
	return nil
}

// PlaceOrder is the input of an order.
type PlaceOrder struct {
	Customer string `json:"customer"`
}

// OrderStatus is the status of an order.
type OrderStatus struct {
	Step    string `json:"step"`
	Total   int    `json:"total,omitempty"`   // in cents
	Receipt string `json:"receipt,omitempty"` // id of the payment
}

// Order is a workflow: it runs once for each order id, even if the application
// crashes in between.
type Order struct {
	carts    CartClient
	payments PaymentsClient
	courier  *Courier
	packing  time.Duration
}

// NewOrder is the constructor of Order. It takes generated clients, which are
// interfaces: a test can replace them.
func NewOrder(f flags, carts CartClient, payments PaymentsClient, courier *Courier) *Order {
	return &Order{carts: carts, payments: payments, courier: courier, packing: f.packing}
}

// callCourier is a step of Run.
var callCourier = durable.NewStep[restate.Void]("call-courier")

// Run processes the order.
func (o *Order) Run(ctx restate.WorkflowContext, in PlaceOrder) (OrderStatus, error) {
	o.advance(ctx, OrderStatus{Step: "placed"})
	cart, err := o.carts.Key(in.Customer).Empty(ctx)
	if err != nil {
		return OrderStatus{}, err
	}
	if len(cart.Items) == 0 {
		return OrderStatus{}, restate.ToTerminalError(errors.New("the cart is empty"), restate.WithErrorCode(http.StatusConflict))
	}
	status := o.advance(ctx, OrderStatus{Step: "paying", Total: cart.Total})

	receipt, err := o.payments.Charge(ctx, Charge{Customer: in.Customer, Cents: cart.Total})
	if err != nil {
		return OrderStatus{}, err
	}
	status.Step, status.Receipt = "packing", receipt.ID
	o.advance(ctx, status)

	// A durable timer: it also runs while the application is down.
	if err := restate.Sleep(ctx, o.packing, restate.WithName("packing")); err != nil {
		return OrderStatus{}, err
	}
	id := restate.Key(ctx)
	err = durable.RunVoid(ctx, callCourier, func(ctx context.Context) error { return o.courier.Collect(ctx, id) })
	if err != nil {
		return OrderStatus{}, err
	}
	status.Step = "shipped"
	return o.advance(ctx, status), nil
}

// Status returns the status of the order, while it runs and afterwards.
func (o *Order) Status(ctx restate.WorkflowSharedContext) (OrderStatus, error) {
	status, err := restate.Get[*OrderStatus](ctx, "status")
	if err != nil {
		return OrderStatus{}, err
	}
	if status == nil {
		return OrderStatus{}, restate.ToTerminalError(errors.New("there is no such order"), restate.WithErrorCode(http.StatusNotFound))
	}
	return *status, nil
}

func (o *Order) advance(ctx restate.WorkflowContext, status OrderStatus) OrderStatus {
	restate.Set(ctx, "status", status)
	ctx.Log().Info("order", "id", restate.Key(ctx), "step", status.Step) // silent on replay
	return status
}
