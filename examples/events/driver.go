package main

import (
	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// Point is a crossing in a town whose streets are a grid. It is the value of a record of
// the topic driver-updates, whose key is a driver.
type Point struct {
	X int `json:"x"`
	Y int `json:"y"`
}

// Job is an order that a driver has to deliver.
type Job struct {
	Order      string `json:"order"`
	Restaurant Point  `json:"restaurant"`
	Customer   Point  `json:"customer"`
	PickedUp   bool   `json:"pickedUp"`
}

// The state of a driver. A driver who was never seen has no position.
var (
	position = durable.NewStateKey[Point]("position")
	jobs     = durable.NewStateKey[[]Job]("jobs")
)

// Driver is a virtual object: the digital twin of one driver. It makes events for orders
// of the positions that the driver's phone publishes.
type Driver struct{ orders OrderClient }

// NewDriver is the constructor of Driver.
func NewDriver(orders OrderClient) *Driver { return &Driver{orders} }

// Assign gives the driver one more order. Only [Order.Run] does so, once for each.
func (d *Driver) Assign(ctx restate.ObjectContext, job Job) error {
	all, err := jobs.Get(ctx)
	if err != nil {
		return err
	}
	here, seen, err := position.Lookup(ctx)
	if err != nil {
		return err
	}
	if all = append(all, job); seen {
		return d.arrive(ctx, here, all)
	}
	return jobs.Set(ctx, all)
}

// Move says where the driver is.
func (d *Driver) Move(ctx restate.ObjectContext, here Point) error {
	if err := position.Set(ctx, here); err != nil {
		return err
	}
	all, err := jobs.Get(ctx)
	if err != nil || len(all) == 0 {
		return err
	}
	return d.arrive(ctx, here, all)
}

// arrive picks up and hands over what it can at this place. Messages, not calls: the
// driver need not wait for the orders.
func (d *Driver) arrive(ctx restate.ObjectContext, here Point, all []Job) error {
	left := []Job{}
	for _, job := range all {
		order := d.orders.ID(job.Order).Send()
		if !job.PickedUp && job.Restaurant == here {
			if _, err := order.PickedUp(ctx); err != nil {
				return err
			}
			job.PickedUp = true
		}
		if job.PickedUp && job.Customer == here {
			if _, err := order.HandedOver(ctx); err != nil {
				return err
			}
			continue
		}
		left = append(left, job)
	}
	return jobs.Set(ctx, left)
}

// Jobs returns what the driver has to deliver.
func (*Driver) Jobs(ctx restate.ObjectSharedContext) ([]Job, error) {
	return jobs.GetOr(ctx, []Job{})
}
