package main

import (
	"errors"
	"net/http"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// capacity is how many passengers a flight takes.
const capacity = 2

// seats are those that are taken, by their ids: the state of a flight.
var seats = durable.NewStateKey[map[string]Seat]("seats")

// Seat is one that is taken.
type Seat struct {
	Passenger string `json:"passenger"`
	Confirmed bool   `json:"confirmed"`
}

// Flight is a virtual object: each flight number has its own state, and one writer
// at a time, so that no seat is sold twice.
type Flight struct{}

// NewFlight is the constructor of Flight.
func NewFlight() *Flight { return &Flight{} }

// Reserve takes a seat and returns its id.
func (*Flight) Reserve(ctx restate.ObjectContext, passenger string) (string, error) {
	taken, err := seats.GetOr(ctx, map[string]Seat{})
	if err != nil {
		return "", err
	}
	if len(taken) == capacity {
		return "", refuse("the flight is full")
	}
	id := restate.UUID(ctx).String()
	taken[id] = Seat{Passenger: passenger}
	return id, seats.Set(ctx, taken)
}

// Confirm makes a reservation final.
func (*Flight) Confirm(ctx restate.ObjectContext, id string) error {
	taken, err := seats.Get(ctx)
	if err != nil {
		return err
	}
	seat, ok := taken[id]
	if !ok || seat.Passenger == "nobody" {
		return refuse("there is no such passenger")
	}
	seat.Confirmed = true
	taken[id] = seat
	return seats.Set(ctx, taken)
}

// Cancel gives a seat back. To cancel again changes nothing.
func (*Flight) Cancel(ctx restate.ObjectContext, id string) error {
	taken, err := seats.Get(ctx)
	if err != nil {
		return err
	}
	delete(taken, id)
	return seats.Set(ctx, taken)
}

// Seats returns the seats that are taken.
func (*Flight) Seats(ctx restate.ObjectSharedContext) (map[string]Seat, error) {
	return seats.GetOr(ctx, map[string]Seat{})
}

// refuse makes an error that no retry would change.
func refuse(why string) error {
	return restate.ToTerminalError(errors.New(why), restate.WithErrorCode(http.StatusConflict))
}
