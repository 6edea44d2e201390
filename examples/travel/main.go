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
		fx.StartTimeout(time.Minute), // the default of fx is 15 seconds
		fx.Provide(NewHotels, NewBank),
		fxrestate.Object[*Flight](NewFlight, fxrestate.Name("flight")),
		fxrestate.Service[*Trips](NewTrips, fxrestate.Name("trips")),
	)
}

func run(runDemo bool) error {
	var (
		client *ingress.Client
		server *devserver.Server
	)
	app := fx.New(
		agency(),
		fx.Supply(devserver.Config{Progress: os.Stderr}),
		devserver.Module,
		fx.Provide(onServer),
		fx.Populate(&client, &server),
	)
	if err := app.Err(); err != nil {
		return errors.New(strings.Join(fxrestate.Problems(err), "\n"))
	}
	return runApp(app, func(ctx context.Context) error {
		fmt.Printf("ready: %s\n\n", server.IngressURL())
		if runDemo {
			return demo(ctx, client)
		}
		for _, a := range attempts {
			fmt.Printf("  # %s\n  %s\n", a.title, a.curl(server.IngressURL()))
		}
		return serve(ctx, app)
	})
}

// onServer is the configuration for a server that runs with the application.
func onServer(s *devserver.Server) fxrestate.Config {
	return fxrestate.Config{
		Ingress:  ingress.Config{URL: s.IngressURL()},
		Admin:    admin.Config{URL: s.AdminURL()},
		Endpoint: endpoint.Config{Addr: "127.0.0.1:0"},
		Register: &deployment.Config{
			URL:          "http://" + s.EndpointHost() + ":{{port}}",
			MoveStranded: true, // the port is another one at each start
			Required:     true,
		},
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
