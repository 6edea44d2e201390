package main

import (
	"context"
	"net/http"

	restate "github.com/restatedev/sdk-go"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/fxrestate/go/durable"
)

// Meal is the value of a record of the topic orders. The key of the record is the id of
// the order.
type Meal struct {
	Dish       string `json:"dish"`
	Driver     string `json:"driver"`
	Restaurant Point  `json:"restaurant"`
	Customer   Point  `json:"customer"`
}

// How far an order is.
const (
	Ordered   = "ordered"
	OnItsWay  = "on its way"
	Delivered = "delivered"
)

// The state of an order, what it waits for, and the step that tells others.
var (
	progress  = durable.NewStateKey[string]("progress")
	pickedUp  = durable.NewPromiseKey[bool]("picked-up")
	delivered = durable.NewPromiseKey[bool]("delivered")
	announce  = durable.NewStep[restate.Void]("announce")
)

// Order is a workflow: it runs once for each order. The first record with its id starts
// it, and a second one does nothing.
type Order struct {
	drivers   DriverClient
	publisher Publisher
}

// NewOrder is the constructor of Order.
func NewOrder(drivers DriverClient, publisher Publisher) *Order { return &Order{drivers, publisher} }

// Run gives the order to its driver and follows it to the customer. It publishes each
// change to the topic order-status.
func (o *Order) Run(ctx restate.WorkflowContext, in Meal) error {
	if in.Driver == "" {
		return refuse(http.StatusUnprocessableEntity, "the order has no driver")
	}
	if err := o.tell(ctx, Ordered); err != nil {
		return err
	}
	job := Job{Order: restate.Key(ctx), Restaurant: in.Restaurant, Customer: in.Customer}
	if _, err := o.drivers.Key(in.Driver).Send().Assign(ctx, job); err != nil {
		return err
	}
	if _, err := pickedUp.Result(ctx); err != nil {
		return err
	}
	if err := o.tell(ctx, OnItsWay); err != nil {
		return err
	}
	if _, err := delivered.Result(ctx); err != nil {
		return err
	}
	return o.tell(ctx, Delivered)
}

// tell changes the status and publishes it. The step is done once; should the process die
// between the response of the broker and the end of the step, the record is in the topic
// twice, with the same id.
func (o *Order) tell(ctx restate.WorkflowContext, status string) error {
	if err := progress.Set(ctx, status); err != nil {
		return err
	}
	order := restate.Key(ctx)
	return durable.RunVoid(ctx, announce, func(ctx context.Context) error {
		return o.publisher.Publish(ctx, &kgo.Record{
			Topic: topicOrderStatus, Key: []byte(order), Value: []byte(status),
			Headers: []kgo.RecordHeader{{Key: "id", Value: []byte(order + "/" + status)}},
		})
	})
}

// PickedUp tells the order that its driver has the meal.
func (*Order) PickedUp(ctx restate.WorkflowSharedContext) error { return pickedUp.Resolve(ctx, true) }

// HandedOver tells the order that the customer has the meal.
func (*Order) HandedOver(ctx restate.WorkflowSharedContext) error {
	return delivered.Resolve(ctx, true)
}

// Status returns how far the order is.
func (*Order) Status(ctx restate.WorkflowSharedContext) (string, error) {
	now, known, err := progress.Lookup(ctx)
	if err == nil && !known {
		err = refuse(http.StatusNotFound, "there is no such order")
	}
	return now, err
}
