package main

import (
	"context"
	"os"
	"time"

	"github.com/fxrestate/go/examples/internal/requests"
	"github.com/fxrestate/go/ingress"
)

// tour has trips that succeed, and one for each step that can fail. A flight has two
// seats: the last customer is too late.
var tour = []requests.Request{
	{
		Title: "Ada gets her trip", Path: "/trips/Book",
		Body: `{"customer":"Ada","flight":"RS-1","hotel":"Seaside","car":"convertible","cents":80000}`,
	},
	{
		Title: "the hotel is full: the seat is released", Path: "/trips/Book",
		Body: `{"customer":"Grace","flight":"RS-1","hotel":"Grand","car":"convertible","cents":80000}`,
	},
	{
		Title: "there is no car in time: the room is released too", Path: "/trips/Book",
		Body: `{"customer":"Grace","flight":"RS-1","hotel":"Seaside","car":"limousine","cents":80000}`,
	},
	{
		Title: "the card is declined: the car is given back too", Path: "/trips/Book",
		Body: `{"customer":"Edsger","flight":"RS-1","hotel":"Seaside","car":"convertible","cents":250000}`,
	},
	{
		Title: "the seat is not confirmed: everything is undone", Path: "/trips/Book",
		Body: `{"customer":"nobody","flight":"RS-1","hotel":"Seaside","car":"convertible","cents":80000}`,
	},
	{
		Title: "the hotel does not respond to the cancellation at first: it is retried", Path: "/trips/Book",
		Body: `{"customer":"Edsger","flight":"RS-1","hotel":"Ritz","car":"convertible","cents":250000}`,
	},
	{
		Title: "the hotel refuses the cancellation: the rest is undone, and the error tells", Path: "/trips/Book",
		Body: `{"customer":"Edsger","flight":"RS-1","hotel":"Bates","car":"convertible","cents":250000}`,
	},
	{
		Title: "the bank does not respond at first: the step is retried, nothing is undone", Path: "/trips/Book",
		Body: `{"customer":"Unlucky","flight":"RS-1","hotel":"Seaside","car":"convertible","cents":80000}`,
	},
	{
		Title: "the flight is full: there is nothing to undo", Path: "/trips/Book",
		Body: `{"customer":"Barbara","flight":"RS-1","hotel":"Seaside","car":"convertible","cents":80000}`,
	},
	{Title: "who is on board", Path: "/flight/RS-1/Seats"},
}

// demo sends the requests and shows the responses.
func demo(ctx context.Context, client *ingress.Client) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	return requests.Send(ctx, os.Stdout, client.URL(), tour)
}
