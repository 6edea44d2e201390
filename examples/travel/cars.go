package main

import (
	"context"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// Rental is a request for a car. The caller chooses the id.
type Rental struct {
	ID  string `json:"id"`
	Car string `json:"car"`
}

// Cars is a service that rents cars. A limousine has to be found first, which takes days.
type Cars struct{ garage *Garage }

// NewCars is the constructor of Cars.
func NewCars(garage *Garage) *Cars { return &Cars{garage} }

// The steps of Cars.
var (
	rentCar   = durable.NewStep[restate.Void]("rent-car")
	returnCar = durable.NewStep[restate.Void]("return-car")
)

// Rent rents a car.
func (c *Cars) Rent(ctx restate.Context, in Rental) error {
	if in.Car == "limousine" {
		if err := restate.Sleep(ctx, 3*24*time.Hour); err != nil {
			return err
		}
	}
	return durable.RunVoid(ctx, rentCar, func(ctx context.Context) error { return c.garage.Rent(ctx, in.Car, in.ID) })
}

// Cancel gives a car back, if it was rented. A rental with its id that comes later is
// refused.
func (c *Cars) Cancel(ctx restate.Context, id string) error {
	return durable.RunVoid(ctx, returnCar, func(ctx context.Context) error { return c.garage.Return(ctx, id) })
}
