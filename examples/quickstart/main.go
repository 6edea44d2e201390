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
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/fx"

	"github.com/fxrestate/go/devserver"
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
	err := fxrestate.RunWith(
		func(ctx context.Context) error {
			fmt.Printf("ready: %s\n\n%s\n", api.URL(), api.Requests())
			if f.demo {
				return demo(ctx, api, f.packing)
			}
			<-ctx.Done() // Ctrl-C
			return nil
		},
		fx.Supply(f),
		fxrestate.DevServer(devserver.Config{Dir: filepath.Join(f.data, "restate"), Progress: os.Stderr}),
		fx.Decorate(configure),
		shop,
		fx.Populate(&api),
	)
	if taken, ok := errors.AsType[*net.OpError](err); ok && taken.Op == "listen" && taken.Addr != nil && taken.Addr.String() == apiAddr() {
		return fmt.Errorf("%w; set ADDR to another address", err)
	}
	return err
}

func apiAddr() string { return cmp.Or(os.Getenv("ADDR"), "127.0.0.1:3000") }

// configure sets where the API is served, and what is logged: a client's 404 is an answer
// like any other.
func configure(c fxrestate.Config) fxrestate.Config {
	c.HTTP.Addr = apiAddr()
	c.Logging.ClientErrors = slog.LevelDebug
	return c
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
