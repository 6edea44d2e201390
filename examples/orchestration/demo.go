package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/fxrestate/go/examples/internal/requests"
	"github.com/fxrestate/go/ingress"
)

// tour has the requests, one after another.
var tour = []requests.Request{
	{Title: "two subscriptions", Path: "/subscriptions/Add", Body: `{"user":"ada","card":"4111","services":["Hulu","Prime"]}`},
	{Title: "Netflix is down at first: the step is retried", Path: "/subscriptions/Add", Body: `{"user":"ada","card":"4111","services":["Netflix"]}`},
	{Title: "no card: refused at once", Path: "/subscriptions/Add", Body: `{"user":"ada","services":["Hulu"]}`},
	{Title: "the payment is given up after three attempts", Path: "/subscriptions/Add", Body: `{"user":"ada","card":"0000","services":["Hulu"]}`},
	{Title: "Disney refuses: all is undone", Path: "/saga/Add", Body: `{"user":"bob","card":"4112","services":["Hulu","Prime","Disney"]}`},
	{Title: "four at once, and what came of each", Path: "/parallel/Add", Body: `{"user":"eve","card":"4113","services":["Hulu","Prime","YouTube","Disney"]}`},
	{Title: "a user's library", Path: "/library/ada/Add", Body: `"Hulu"`},
	{Title: "is that user's alone", Path: "/library/ada/List"},
	{Title: "money for Ada", Path: "/account/ada/Deposit", Body: `10000`},
	{Title: "a ticket, and a mail on the day before", Path: "/concerts/Buy", Body: `{"customer":"ada","cents":8000,"starts":"2040-10-01T20:00:00Z"}`},
	{Title: "a second one is too much", Path: "/concerts/Buy", Body: `{"customer":"ada","cents":8000,"starts":"2040-10-01T20:00:00Z"}`},
	{Title: "which left the balance as it was", Path: "/account/ada/Balance"},
	{Title: "a payment that waits for its confirmation, which the log tells", Path: "/payments/Process/send", Body: `{"order":"77","cents":4200}`},
}

// demo sends the requests and shows the responses. Then it confirms the payment, as its
// provider would do.
func demo(ctx context.Context, client *ingress.Client, provider *Provider) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	if err := requests.Send(ctx, os.Stdout, client.URL(), tour); err != nil {
		return err
	}
	for provider.Waits("77") == "" {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	confirmation := requests.Request{
		Title: "the provider confirms it", Path: "/payments/Confirm",
		Body: fmt.Sprintf(`{"id":%q,"transaction":"t-1"}`, provider.Waits("77")),
	}
	return requests.Send(ctx, os.Stdout, client.URL(), []requests.Request{confirmation})
}
