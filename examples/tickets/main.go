// Command tickets sells the seats of a theatre. A seat in a cart is held for 15 minutes
// and then offered to others, unless it was paid for. It needs only Go and npm (or
// docker, or a restate-server on PATH):
//
//	go run ./examples/tickets
//
// It finds or installs a restate-server, runs it with its data in a temporary
// directory, serves the handlers to it, and prints requests to try. With -demo it sends
// them itself and exits. With -hold 20s a cart holds seats for 20 seconds.
//
// It shows:
//   - two virtual objects: [Ticket], a seat that one customer at a time can have, and
//     [Cart], which never loses one;
//   - a message to oneself, sent now and delivered later ([Cart.Expire]): the timer needs
//     no table and no cron job, and survives every restart;
//   - a payment that is undone when the customer gives up while the bank is still busy
//     ([Cart.Checkout]);
//   - a step that is retried until the bank responds, once per payment id ([Checkout.Pay]).
//
// Worth a try: buy as "Broke", whose card is declined, and look at the cart. Buy as
// "Unlucky", whose bank loses the first response. Stop the program while a cart holds a
// seat, and start it again on a server that keeps its data: the seat expires in time.
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
	hold := flag.Duration("hold", 15*time.Minute, "how long a cart holds a seat")
	flag.Parse()
	if err := run(*runDemo, Hold(*hold)); err != nil {
		fmt.Fprintln(os.Stderr, "tickets:", err)
		os.Exit(1)
	}
}

// theatre is the application without its server and its log.
func theatre(hold Hold) fx.Option {
	return fx.Options(
		fxrestate.Module,
		fx.Supply(hold),
		fx.Provide(NewBank, NewPost),
		fxrestate.Object[*Ticket](NewTicket, fxrestate.Name("ticket")),
		fxrestate.Object[*Cart](NewCart, fxrestate.Name("cart")),
		fxrestate.Service[*Checkout](NewCheckout, fxrestate.Name("checkout")),
		fxrestate.Service[*Mails](NewMails, fxrestate.Name("mails")),
	)
}

func run(runDemo bool, hold Hold) error {
	var client *ingress.Client
	return fxrestate.RunWith(
		func(ctx context.Context) error {
			fmt.Printf("ready: %s\n\n", client.URL())
			if runDemo {
				return demo(ctx, client)
			}
			requests.Print(os.Stdout, client.URL(), tour)
			<-ctx.Done() // Ctrl-C
			return nil
		},
		theatre(hold),
		fxrestate.DevServer(devserver.Config{Progress: os.Stderr}),
		fx.Populate(&client),
	)
}
