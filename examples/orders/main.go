// Command orders is the back office of a tea house on Restate. It has a cart,
// payments, orders that wait for the carrier's webhook, and mails, some of them
// delayed. It shows guards, error mappings, generated clients between services,
// and a chi controller with mounted handlers. It needs only Go and npm (or docker,
// or a restate-server on PATH):
//
//	go run ./examples/orders
//
// It finds or installs a restate-server, runs it with its data in a temporary
// directory, serves the handlers to it, and prints requests to try. With -demo it
// sends them itself and exits.
//
// ADDR is the address of the API, by default 127.0.0.1:3000.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"go.uber.org/fx"

	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/pipeline/validate"
)

//go:generate go run github.com/fxrestate/go/cmd/fxrestate gen --fakes fxrestate_fake_test.go

// settings come from the command line and the environment.
type settings struct {
	addr     string
	askAfter time.Duration
}

func main() {
	s := settings{addr: cmp.Or(os.Getenv("ADDR"), "127.0.0.1:3000")}
	runDemo := flag.Bool("demo", false, "send the requests, show the responses, and exit")
	flag.DurationVar(&s.askAfter, "ask-after", 10*time.Second, "how long after the delivery customers are asked how it was")
	flag.Parse()
	if err := run(s, *runDemo); err != nil {
		fmt.Fprintln(os.Stderr, "orders:", err)
		os.Exit(1)
	}
}

// teaHouse is the application without its settings, its server and its log.
func teaHouse() fx.Option {
	return fx.Options(
		fxrestate.Module,
		fx.Provide(NewBank, NewCarrier, NewPostbox),
		fxrestate.Object[*Cart](NewCart, fxrestate.Name("cart")),
		fxrestate.Service[*Payments](NewPayments, fxrestate.Name("payments"),
			fxrestate.AsTerminalError(declined),
			fxrestate.Handler((*Payments).Charge,
				fxrestate.Guards(NewChargeLimit),
				fxrestate.Pipes(validate.New(nil)),
			),
		),
		fxrestate.Service[*Notifications](NewNotifications, fxrestate.Name("notifications")),
		fxrestate.Workflow[*Orders](NewOrders, fxrestate.Name("orders")),
		fxrestate.Service[*Deliveries](NewDeliveries, fxrestate.Name("deliveries")),
		fx.Provide(NewAPI),
		fxrestate.HTTPServer((*API).routes),
	)
}

func run(s settings, runDemo bool) error {
	var (
		api     *API
		postbox *Postbox
	)
	return fxrestate.RunWith(
		func(ctx context.Context) error {
			fmt.Printf("ready: %s\n\n", api.URL())
			if runDemo {
				return demo(ctx, api, postbox, s.askAfter)
			}
			for _, r := range api.Requests(newOrderID()) {
				fmt.Printf("  # %s\n  %s\n", r.title, r.curl())
			}
			<-ctx.Done() // Ctrl-C
			return nil
		},
		teaHouse(),
		fx.Supply(s),
		fxrestate.DevServer(devserver.Config{Progress: os.Stderr}),
		fx.Decorate(func(c fxrestate.Config) fxrestate.Config {
			c.HTTP.Addr = s.addr
			return c
		}),
		fx.Populate(&api, &postbox),
	)
}
