package main

import (
	"context"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// Patience is how long a trip waits for its car.
type Patience time.Duration

// Trip is a request for a trip.
type Trip struct {
	Customer string `json:"customer"`
	Flight   string `json:"flight"`
	Hotel    string `json:"hotel"`
	Car      string `json:"car"`
	Cents    int    `json:"cents"`
}

// Booking confirms a trip.
type Booking struct {
	ID   string `json:"id"`
	Seat string `json:"seat"`
}

// Trips is a service that books trips.
type Trips struct {
	flights  FlightClient
	cars     CarsClient
	hotels   *Hotels
	bank     *Bank
	patience time.Duration
}

// NewTrips is the constructor of Trips. It takes the generated clients of the flights
// and the cars.
func NewTrips(flights FlightClient, cars CarsClient, hotels *Hotels, bank *Bank, patience Patience) *Trips {
	return &Trips{flights, cars, hotels, bank, time.Duration(patience)}
}

// The steps of Book.
var (
	bookHotel  = durable.NewStep[restate.Void]("book-hotel")
	chargeBank = durable.NewStep[restate.Void]("charge")
)

// Book books all parts of a trip or none of them. If a part is refused, is not there in
// time, or the invocation is cancelled, what was done is undone in reverse order.
func (t *Trips) Book(ctx restate.Context, in Trip) (Booking, error) {
	id := restate.UUID(ctx).String() // the same one on every attempt
	flight := t.flights.Key(in.Flight)

	return durable.Saga(ctx, func(undo *durable.Compensations) (Booking, error) {
		// The id of a reservation is known only from its response, so the compensation is
		// registered afterwards. A seat that is reserved without a response, because the
		// trip was cancelled at that moment, expires.
		seat, err := flight.Reserve(ctx, in.Customer)
		if err != nil {
			return Booking{}, err
		}
		undo.Call("cancel-flight", func(ctx restate.Context) error { return flight.Cancel(ctx, seat) })

		// The hotel and the bank accept our id, so the compensation is registered before:
		// they may have done their part although they did not respond.
		undo.Step("cancel-hotel", func(ctx restate.RunContext) error { return t.hotels.Cancel(ctx, in.Hotel, id) })
		if err := durable.RunVoid(ctx, bookHotel, func(ctx context.Context) error {
			return t.hotels.Book(ctx, in.Hotel, id)
		}); err != nil {
			return Booking{}, err
		}

		if err := t.rent(ctx, undo, Rental{id, in.Car}); err != nil {
			return Booking{}, err
		}

		undo.Step("refund", func(ctx restate.RunContext) error { return t.bank.Refund(ctx, id) })
		if err := durable.RunVoid(ctx, chargeBank, func(ctx context.Context) error {
			return t.bank.Charge(ctx, in.Customer, in.Cents, id)
		}); err != nil {
			return Booking{}, err
		}

		if err := flight.Confirm(ctx, seat); err != nil {
			return Booking{}, err
		}
		return Booking{ID: id, Seat: seat}, nil
	})
}

// rent waits for a car, but not for ever. A call that nobody waits for goes on, so the
// compensation ends it before it gives the car back.
func (t *Trips) rent(ctx restate.Context, undo *durable.Compensations, in Rental) error {
	rental, err := t.cars.Start().Rent(ctx, in)
	if err != nil {
		return err
	}
	undo.Call("cancel-car", func(ctx restate.Context) error {
		if err := rental.Cancel(ctx); err != nil {
			return err
		}
		return t.cars.Cancel(ctx, in.ID)
	})
	_, err = rental.OrTimeout(ctx, t.patience).Await(ctx)
	if durable.IsTimeout(err) {
		return durable.NewTimeoutError("there is no car in time")
	}
	return err
}
