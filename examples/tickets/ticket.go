package main

import (
	"errors"
	"net/http"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// The states of a seat.
const (
	Available = "available"
	Reserved  = "reserved"
	Sold      = "sold"
)

// Seat is the state of a [Ticket].
type Seat struct {
	Status string `json:"status"`
	// Reservation is the id of the reservation that the seat is held or was sold by.
	Reservation string `json:"reservation,omitempty"`
}

// seat is the state of a ticket. A ticket without any is available.
var seat = durable.NewStateKey[Seat]("seat")

// Ticket is a virtual object: one seat of the theatre. It has one writer at a time, so
// that of two customers who want it, one gets it.
type Ticket struct{}

// NewTicket is the constructor of Ticket.
func NewTicket() *Ticket { return &Ticket{} }

// Reserve holds an available seat for a reservation.
func (*Ticket) Reserve(ctx restate.ObjectContext, reservation string) error {
	now, err := seat.GetOr(ctx, Seat{Status: Available})
	switch {
	case err != nil:
		return err
	case now.Status == Available:
		return seat.Set(ctx, Seat{Reserved, reservation})
	case now.Reservation == reservation:
		return nil
	}
	return refuse(http.StatusConflict, "the seat is "+now.Status)
}

// Release makes a seat available again, if the reservation still holds it. A seat that
// is sold, or held by another reservation, stays as it is.
func (*Ticket) Release(ctx restate.ObjectContext, reservation string) error {
	now, err := seat.GetOr(ctx, Seat{Status: Available})
	if err != nil || now != (Seat{Reserved, reservation}) {
		return err
	}
	return seat.Clear(ctx)
}

// MarkSold makes a reservation final.
func (*Ticket) MarkSold(ctx restate.ObjectContext, reservation string) error {
	return seat.Set(ctx, Seat{Sold, reservation})
}

// Status returns the state of the seat.
func (*Ticket) Status(ctx restate.ObjectSharedContext) (Seat, error) {
	return seat.GetOr(ctx, Seat{Status: Available})
}

// refuse makes a terminal error: it is not retried.
func refuse(code restate.Code, why string) error {
	return restate.ToTerminalError(errors.New(why), restate.WithErrorCode(code))
}
