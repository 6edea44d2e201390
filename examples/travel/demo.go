package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/fxrestate/go/ingress"
)

// attempt is a request to try.
type attempt struct {
	title string
	trip  Trip
}

// attempts have one that succeeds, and one for each step that can fail. A flight has
// two seats: the third customer is too late.
var attempts = []attempt{
	{"Ada gets her trip", Trip{"Ada", "RS-1", "Seaside", 80_000}},
	{"the hotel is full: the seat is released", Trip{"Grace", "RS-1", "Grand", 80_000}},
	{"the card is declined: the room is released too", Trip{"Edsger", "RS-1", "Seaside", 250_000}},
	{"the seat is not confirmed: everything is undone", Trip{"nobody", "RS-1", "Seaside", 80_000}},
	{"the bank does not respond at first: the step is retried, nothing is undone", Trip{"Unlucky", "RS-1", "Seaside", 80_000}},
	{"the flight is full: there is nothing to undo", Trip{"Barbara", "RS-1", "Seaside", 80_000}},
}

func (a attempt) curl(ingressURL string) string {
	body, _ := json.Marshal(a.trip) // cannot fail for this type
	return fmt.Sprintf("curl %s/trips/Book -H 'content-type: application/json' -d '%s'", ingressURL, body)
}

// demo sends the requests and shows the responses.
func demo(ctx context.Context, client *ingress.Client) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for _, a := range attempts {
		fmt.Printf("# %s\n", a.title)
		booking, err := ingress.Call(ctx, ingress.NewService[*Trips](client), (*Trips).Book, a.trip)
		switch {
		case err == nil:
			fmt.Printf("%s is booked, with seat %s\n\n", a.trip.Customer, booking.Seat)
		case ctx.Err() != nil:
			return err
		default:
			fmt.Printf("%s is not booked: %v\n\n", a.trip.Customer, err)
		}
	}
	taken, err := ingress.Call0(ctx, ingress.NewObject[*Flight](client).Key("RS-1"), (*Flight).Seats)
	if err != nil {
		return err
	}
	fmt.Println("on board:")
	for _, seat := range taken {
		fmt.Printf("  %s, confirmed: %v\n", seat.Passenger, seat.Confirmed)
	}
	return nil
}
