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
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/httpserver"
	"github.com/fxrestate/go/ingress"
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
		fx.StartTimeout(time.Minute), // the default of fx is 15 seconds
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
	app := fx.New(
		teaHouse(),
		fx.Supply(s, devserver.Config{Progress: os.Stderr}),
		devserver.Module,
		fx.Provide(onServer),
		fx.Populate(&api, &postbox),
	)
	if err := app.Err(); err != nil {
		return errors.New(strings.Join(fxrestate.Problems(err), "\n"))
	}
	return runApp(app, func(ctx context.Context) error {
		fmt.Printf("ready: %s\n\n", api.URL())
		if runDemo {
			return demo(ctx, api, postbox, s.askAfter)
		}
		for _, r := range api.Requests(newOrderID()) {
			fmt.Printf("  # %s\n  %s\n", r.title, r.curl())
		}
		return serve(ctx, app)
	})
}

// onServer is the configuration for a server that runs with the application.
func onServer(s *devserver.Server, own settings) fxrestate.Config {
	return fxrestate.Config{
		Ingress:  ingress.Config{URL: s.IngressURL()},
		Admin:    admin.Config{URL: s.AdminURL()},
		Endpoint: endpoint.Config{Addr: "127.0.0.1:0"},
		Register: &deployment.Config{
			URL:          "http://" + s.EndpointHost() + ":{{port}}",
			MoveStranded: true, // the port is another one at each start
			Required:     true,
		},
		HTTP: httpserver.Config{Addr: own.addr},
	}
}

// runApp starts the application, runs main, and stops the application. Ctrl-C ends
// the context of main. During the start, Ctrl-C takes effect after it, so that
// everything that was started is stopped.
func runApp(app *fx.App, main func(context.Context) error) error {
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer release()
	start, cancel := context.WithTimeout(context.Background(), app.StartTimeout())
	defer cancel()
	if err := app.Start(start); err != nil {
		return err
	}
	var err error
	if ctx.Err() != nil {
		err = errors.New("interrupted while it started")
	} else {
		err = main(ctx)
	}
	stop, cancel := context.WithTimeout(context.Background(), app.StopTimeout())
	defer cancel()
	return errors.Join(err, app.Stop(stop))
}

// serve waits for Ctrl-C, or until a part of the application shuts it down.
func serve(ctx context.Context, app *fx.App) error {
	select {
	case <-ctx.Done():
		return nil
	case end := <-app.Wait():
		if end.ExitCode != 0 {
			return fmt.Errorf("a part of the application failed, with exit code %d: see its log", end.ExitCode)
		}
		return nil
	}
}
