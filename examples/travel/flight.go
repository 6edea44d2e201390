package main

import (
	"errors"
	"net/http"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// capacity is the number of seats of a flight.
const capacity = 2

// hold is how long a seat is reserved that nobody confirms.
const hold = 15 * time.Minute

// seats are the reserved seats by id: the state of a flight.
var seats = durable.NewStateKey[map[string]Seat]("seats")

// Seat is a reserved seat.
type Seat struct {
	Passenger string `json:"passenger"`
	Confirmed bool   `json:"confirmed"`
}

// Flight is a virtual object: each flight number has its own state, and one writer
// at a time, so that no seat is sold twice.
type Flight struct{ flights FlightClient }

// NewFlight is the constructor of Flight. It takes the client of the flights for messages
// to itself.
func NewFlight(flights FlightClient) *Flight { return &Flight{flights} }

// Reserve reserves a seat and returns its id. The seat has to be confirmed in time.
func (f *Flight) Reserve(ctx restate.ObjectContext, passenger string) (string, error) {
	taken, err := seats.GetOr(ctx, map[string]Seat{})
	if err != nil {
		return "", err
	}
	if len(taken) == capacity {
		return "", refuse("the flight is full")
	}
	id := restate.UUID(ctx).String()
	taken[id] = Seat{Passenger: passenger}
	if err := seats.Set(ctx, taken); err != nil {
		return "", err
	}
	_, err = f.flights.Key(restate.Key(ctx)).Send().Expire(ctx, id, restate.WithDelay(hold))
	return id, err
}

// Expire releases a seat that was not confirmed. The flight sends it to itself.
func (f *Flight) Expire(ctx restate.ObjectContext, id string) error {
	taken, err := seats.GetOr(ctx, map[string]Seat{})
	if err != nil || taken[id].Confirmed {
		return err
	}
	return f.Cancel(ctx, id)
}

// Confirm makes a reservation final.
func (*Flight) Confirm(ctx restate.ObjectContext, id string) error {
	taken, err := seats.GetOr(ctx, map[string]Seat{})
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

// Cancel releases a seat. A second Cancel changes nothing.
func (*Flight) Cancel(ctx restate.ObjectContext, id string) error {
	taken, err := seats.GetOr(ctx, map[string]Seat{})
	if err != nil {
		return err
	}
	delete(taken, id)
	return seats.Set(ctx, taken)
}

// Seats returns the reserved seats.
func (*Flight) Seats(ctx restate.ObjectSharedContext) (map[string]Seat, error) {
	return seats.GetOr(ctx, map[string]Seat{})
}

// refuse makes a terminal error: it is not retried.
func refuse(why string) error {
	return restate.ToTerminalError(errors.New(why), restate.WithErrorCode(http.StatusConflict))
}
