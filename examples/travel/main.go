// Command travel books trips: a flight, a hotel, a car and the payment, all or nothing. It
// shows a saga, whose steps are undone when a later one fails. It needs only Go and npm (or
// docker, or a restate-server on PATH):
//
//	go run ./examples/travel
//
// It finds or installs a restate-server, runs it with its data in a temporary directory,
// serves the handlers to it, and prints requests to try, including one for each step that
// can fail. With -demo it sends them itself and exits. With -patience 1m a trip waits a
// minute for its car.
//
// It shows:
//   - compensations that are registered before a step, under an id that the trip chooses,
//     and one that is registered after it, because only the response has the id
//     ([Trips.Book]);
//   - a call that is waited for with a timeout, and ended when nobody waits for it any more;
//   - a reservation that expires by itself ([Flight.Expire]);
//   - compensations that fail: the Ritz does not respond to a first cancellation, which is
//     retried. The Bates refuses for good: the others run all the same, and the error tells.
//
// Worth a try, on a server of your own (RESTATE_INGRESS_URL and RESTATE_ADMIN_URL): book
// with a "limousine" and -patience 1h, and cancel the trip in the server's UI.
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
	patience := flag.Duration("patience", 5*time.Second, "how long a trip waits for its car")
	flag.Parse()
	if err := run(*runDemo, Patience(*patience)); err != nil {
		fmt.Fprintln(os.Stderr, "travel:", err)
		os.Exit(1)
	}
}

// agency is the application without its server and its log.
func agency(patience Patience) fx.Option {
	return fx.Options(
		fxrestate.Module,
		fx.Supply(patience),
		fx.Provide(NewHotels, NewGarage, NewBank),
		fxrestate.Object[*Flight](NewFlight, fxrestate.Name("flight")),
		fxrestate.Service[*Cars](NewCars, fxrestate.Name("cars")),
		fxrestate.Service[*Trips](NewTrips, fxrestate.Name("trips")),
	)
}

func run(runDemo bool, patience Patience) error {
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
		agency(patience),
		fxrestate.DevServer(devserver.Config{Progress: os.Stderr}),
		fx.Populate(&client),
	)
}
