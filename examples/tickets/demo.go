package main

import (
	"context"
	"os"
	"time"

	"github.com/fxrestate/go/examples/internal/requests"
	"github.com/fxrestate/go/ingress"
)

// tour has one for each thing that can happen to a seat, but for the expiry.
var tour = []requests.Request{
	{Title: "Ada puts two seats into her cart", Path: "/cart/Ada/Add", Body: `"A1"`},
	{Title: "and a second one", Path: "/cart/Ada/Add", Body: `"A2"`},
	{Title: "Broke wants one of them too", Path: "/cart/Broke/Add", Body: `"A1"`},
	{Title: "Ada gives it back", Path: "/cart/Ada/Remove", Body: `"A1"`},
	{Title: "now Broke gets it", Path: "/cart/Broke/Add", Body: `"A1"`},
	{Title: "but the card is declined", Path: "/cart/Broke/Checkout"},
	{Title: "Ada pays", Path: "/cart/Ada/Checkout"},
	{Title: "her seat is sold soon", Path: "/ticket/A2/Status"},
	{Title: "Broke's seat is held until it expires", Path: "/ticket/A1/Status"},
	{Title: "Unlucky takes a seat", Path: "/cart/Unlucky/Add", Body: `"B7"`},
	{Title: "and pays once, although the bank loses a response", Path: "/cart/Unlucky/Checkout"},
}

// demo sends the requests and shows the responses.
func demo(ctx context.Context, client *ingress.Client) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	return requests.Send(ctx, os.Stdout, client.URL(), tour)
}
