package main

import (
	"context"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// Trip is a request for a trip.
type Trip struct {
	Customer string `json:"customer"`
	Flight   string `json:"flight"`
	Hotel    string `json:"hotel"`
	Cents    int    `json:"cents"`
}

// Booking confirms a trip.
type Booking struct {
	ID   string `json:"id"`
	Seat string `json:"seat"`
}

// Trips is a service that books trips.
type Trips struct {
	flights FlightClient
	hotels  *Hotels
	bank    *Bank
}

// NewTrips is the constructor of Trips. It takes the generated client of the
// flights.
func NewTrips(flights FlightClient, hotels *Hotels, bank *Bank) *Trips {
	return &Trips{flights: flights, hotels: hotels, bank: bank}
}

// The steps of Book.
var (
	bookHotel  = durable.NewStep[restate.Void]("book-hotel")
	chargeBank = durable.NewStep[restate.Void]("charge")
)

// Book books all parts of a trip or none of them.
func (t *Trips) Book(ctx restate.Context, in Trip) (Booking, error) {
	id := restate.UUID(ctx).String() // the same one on every attempt
	flight := t.flights.Key(in.Flight)

	return durable.Saga(ctx, func(undo *durable.Compensations) (Booking, error) {
		// The id of a reservation is known only from its response, so the compensation is
		// registered afterwards. Flights are handlers, so both are calls.
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
