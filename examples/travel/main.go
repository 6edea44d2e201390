// Command travel books trips: a flight, a hotel and the payment, all or nothing. It
// shows a saga, whose steps are undone when a later one fails. It needs only Go and
// npm (or docker, or a restate-server on PATH):
//
//	go run ./examples/travel
//
// It finds or installs a restate-server, runs it with its data in a temporary
// directory, serves the handlers to it, and prints requests to try, including one
// for each step that can fail. With -demo it sends them itself and exits.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"go.uber.org/fx"

	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
)

//go:generate go run github.com/fxrestate/go/cmd/fxrestate gen

func main() {
	runDemo := flag.Bool("demo", false, "send the requests, show the responses, and exit")
	flag.Parse()
	if err := run(*runDemo); err != nil {
		fmt.Fprintln(os.Stderr, "travel:", err)
		os.Exit(1)
	}
}

// agency is the application without its server and its log.
func agency() fx.Option {
	return fx.Options(
		fxrestate.Module,
		fx.Provide(NewHotels, NewBank),
		fxrestate.Object[*Flight](NewFlight, fxrestate.Name("flight")),
		fxrestate.Service[*Trips](NewTrips, fxrestate.Name("trips")),
	)
}

func run(runDemo bool) error {
	var client *ingress.Client
	return fxrestate.RunWith(
		func(ctx context.Context) error {
			fmt.Printf("ready: %s\n\n", client.URL())
			if runDemo {
				return demo(ctx, client)
			}
			for _, a := range attempts {
				fmt.Printf("  # %s\n  %s\n", a.title, a.curl(client.URL()))
			}
			<-ctx.Done() // Ctrl-C
			return nil
		},
		agency(),
		fxrestate.DevServer(devserver.Config{Progress: os.Stderr}),
		fx.Populate(&client),
	)
}
