// Command quickstart is a small shop on Restate: a service, a virtual object and a
// workflow behind an HTTP API. It needs only Go and npm (or docker, or a
// restate-server on PATH):
//
//	go run ./examples/quickstart
//
// It finds or installs a restate-server, runs it with its data below the user's
// cache directory, serves the shop's handlers to it, and prints requests to try.
// Kill it in the middle of an order and start it again: the order resumes.
//
// ADDR is the address of the shop's API, by default 127.0.0.1:3000.
// To use a running server, set RESTATE_INGRESS_URL and RESTATE_ADMIN_URL. The server
// calls the shop at RESTATE_DEPLOYMENT_URL, by default http://127.0.0.1:9080.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
)

//go:generate go run github.com/fxrestate/go/cmd/fxrestate gen --fakes fxrestate_fake_test.go

// flags are the flags of the command line.
type flags struct {
	demo    bool
	data    string
	packing time.Duration
}

func main() {
	var f flags
	flag.BoolVar(&f.demo, "demo", false, "send the requests, show the responses, and exit")
	flag.StringVar(&f.data, "data", "", "directory of the data (default: below the user's cache directory)")
	flag.DurationVar(&f.packing, "packing", 10*time.Second, "how long it takes to pack an order")
	flag.Parse()
	if err := run(f); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(f flags) error {
	if f.data == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return fmt.Errorf("no cache directory for the data, use -data: %w", err)
		}
		f.data = filepath.Join(cache, "fxrestate", "quickstart")
	}
	var api *API
	app := fx.New(
		fx.Supply(f),
		restateServer(f),
		shop,
		fx.Populate(&api),
		fx.StartTimeout(time.Minute), // for a server on a busy machine
	)
	if err := app.Err(); err != nil {
		return errors.New(strings.Join(fxrestate.Problems(err), "\n"))
	}
	return runApp(app, func(ctx context.Context) error {
		fmt.Printf("ready: %s\n\n%s\n", api.URL(), api.Requests())
		if f.demo {
			return demo(ctx, api, f.packing)
		}
		return serve(ctx, app)
	})
}

// shop is the application but for where its restate-server is.
var shop = fx.Options(
	services,
	fx.Provide(NewAPI),
	fxrestate.HTTPServer((*API).routes),
)

// services are the shop's. Registering them provides the generated clients too.
var services = fx.Options(
	fxrestate.Module,
	fx.Provide(NewCardTerminal, NewCourier),
	fxrestate.Service[*Payments](NewPayments, fxrestate.Name("payments")),
	fxrestate.Object[*Cart](NewCart, fxrestate.Name("cart")),
	fxrestate.Workflow[*Order](NewOrder, fxrestate.Name("order")),
)

// runApp starts the application, runs main, and stops the application. Ctrl-C ends
// the context of main. During the start, Ctrl-C takes effect after it, so that
// everything that was started is stopped.
func runApp(app *fx.App, main func(context.Context) error) error {
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer release()
	start, cancel := context.WithTimeout(context.Background(), app.StartTimeout())
	defer cancel()
	if err := app.Start(start); err != nil {
		return explained(err)
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
