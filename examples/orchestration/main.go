// Command orchestration is a tour of services that call each other and the world outside.
// It needs only Go and npm (or docker, or a restate-server on PATH):
//
//	go run ./examples/orchestration
//
// It finds or installs a restate-server, runs it with its data in a temporary directory,
// serves the handlers to it, and prints requests to try. With -demo it sends them itself
// and exits. With -patience 5s a payment waits 5 seconds for its confirmation.
//
// It shows, one in each file:
//   - steps that are retried, for ever or three times ([Subscriptions.Add]);
//   - a saga: all subscriptions or none, and the money back ([Saga.Add]);
//   - fan-out and fan-in: all at once, and what came of each ([Parallel.Add]);
//   - an object with the state of one user ([Library]);
//   - a call that is waited for, a message, and a message for later ([Concerts.Buy]);
//   - a refusal that is final, and changes nothing ([Account.Withdraw]);
//   - a payment that somebody else confirms, with a timeout ([Payments.Process]).
//
// Worth a try: subscribe to "Netflix", which is down at first, or to "Disney", which is
// not for sale. Buy a ticket with an empty account. Send the same purchase twice with
// -H 'idempotency-key: 1'. Leave a payment without its confirmation.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"go.uber.org/fx"

	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/examples/internal/requests"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
)

//go:generate go run github.com/fxrestate/go/cmd/fxrestate gen

func main() {
	runDemo := flag.Bool("demo", false, "send the requests, show the responses, and exit")
	patience := flag.Duration("patience", 30*time.Second, "how long a payment waits for its confirmation")
	flag.Parse()
	if err := run(*runDemo, Patience(*patience)); err != nil {
		fmt.Fprintln(os.Stderr, "orchestration:", err)
		os.Exit(1)
	}
}

// company is the application without its server and its log.
func company(patience Patience) fx.Option {
	return fx.Options(
		fxrestate.Module,
		fx.Supply(patience),
		fx.Provide(NewBilling, NewStreaming, NewProvider, NewPost),
		fxrestate.Service[*Subscriptions](NewSubscriptions, fxrestate.Name("subscriptions")),
		fxrestate.Service[*Saga](NewSaga, fxrestate.Name("saga")),
		fxrestate.Service[*Parallel](NewParallel, fxrestate.Name("parallel")),
		fxrestate.Object[*Library](NewLibrary, fxrestate.Name("library")),
		fxrestate.Object[*Account](NewAccount, fxrestate.Name("account")),
		fxrestate.Service[*Concerts](NewConcerts, fxrestate.Name("concerts")),
		fxrestate.Service[*Mails](NewMails, fxrestate.Name("mails")),
		fxrestate.Service[*Payments](NewPayments, fxrestate.Name("payments")),
	)
}

func run(runDemo bool, patience Patience) error {
	var client *ingress.Client
	var provider *Provider
	return fxrestate.RunWith(
		func(ctx context.Context) error {
			fmt.Printf("ready: %s\n\n", client.URL())
			if runDemo {
				return demo(ctx, client, provider)
			}
			requests.Print(os.Stdout, client.URL(), tour)
			<-ctx.Done() // Ctrl-C
			return nil
		},
		company(patience),
		fxrestate.DevServer(devserver.Config{Progress: os.Stderr}),
		fx.Populate(&client, &provider),
	)
}
