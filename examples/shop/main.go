// Command shop is one application of several features, each a package with an fx.Module: it
// takes payments, signs customers up, fills carts and sells what is in them, behind a chi
// API. It keeps products and customers in a database. It needs only Go and npm (or docker,
// or a restate-server on PATH):
//
//	go -C examples/shop run .
//
// It finds or installs a restate-server, runs it with its data in a temporary directory,
// serves the handlers to it, and prints requests to try. With -demo it sends them itself and
// exits. With -database shop.db it keeps its file of SQLite, and with
// -database 'postgres://shop:shop@localhost/shop?sslmode=disable' it uses the Postgres that
// "docker compose --profile postgres up --wait postgres" starts.
//
// It shows:
//   - a service with a guard, a pipe, a parameter object and an error mapping (package
//     payments), and one that others send to (package notifications);
//   - a virtual object with its state in Restate (package carts);
//   - a workflow with a signal and a query (package signups);
//   - a workflow that calls the others by injected clients, as a saga, and waits for a
//     signed webhook (package orders); its revision, and what happens to orders in flight
//     when that changes ([Revisions]);
//   - updates of a database that happen exactly once: on the condition of a version, by one
//     writer (package catalogue), and by a token, with many writers (package customers);
//   - a log whose lines stand once, also on replay (package greeter).
//
// Worth a try: charge "unlucky", whose bank loses the first response. Submit a wrong code.
// Send the webhook twice.
//
// The folder is a module of its own, so that applications with fxrestate do not get the
// drivers of databases as dependencies.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"

	"go.uber.org/fx"

	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/examples/internal/requests"
	"github.com/fxrestate/go/examples/shop/carts"
	"github.com/fxrestate/go/examples/shop/catalogue"
	"github.com/fxrestate/go/examples/shop/customers"
	"github.com/fxrestate/go/examples/shop/database"
	"github.com/fxrestate/go/examples/shop/greeter"
	"github.com/fxrestate/go/examples/shop/notifications"
	"github.com/fxrestate/go/examples/shop/orders"
	"github.com/fxrestate/go/examples/shop/payments"
	"github.com/fxrestate/go/examples/shop/signups"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/httpserver"
	"github.com/fxrestate/go/pipeline/httperror"
)

func main() {
	runDemo := flag.Bool("demo", false, "send the requests, show the responses, and exit")
	source := flag.String("database", "", "a file of SQLite, or postgres://…; by default a file that is removed at the end")
	flag.Parse()
	addr := Addr(cmp.Or(os.Getenv("ADDR"), "127.0.0.1:3000"))
	if err := run(addr, database.Source(*source), *runDemo); err != nil {
		fmt.Fprintln(os.Stderr, "shop:", err)
		os.Exit(1)
	}
}

// features are those that orders call.
var features = fx.Options(
	fxrestate.Module,
	fxrestate.Use(fxrestate.Filters(httperror.Filter())), // the errors of package problem, in all handlers
	database.Module,
	notifications.Module,
	payments.Module,
	catalogue.Module,
	carts.Module,
	customers.Module,
	fx.Provide(NewRevisions),
	fx.Decorate(configure),
)

// shop is the application without its server and its database.
var shop = fx.Options(
	features,
	orders.Module,
	signups.Module,
	greeter.Module,
	fx.Provide(NewAPI),
	fxrestate.HTTPServer((*API).routes),
)

// Addr is where the API listens.
type Addr string

// configure adds to the configuration of the server that the application runs on.
func configure(c fxrestate.Config, addr Addr, r *Revisions) fxrestate.Config {
	c.HTTP.Addr = string(addr)
	if c.Register != nil { // somebody else may register it
		c.Register.OnDeploymentMetadataChange = r.Changed
	}
	return c
}

func run(addr Addr, source database.Source, runDemo bool) error {
	var (
		server *httpserver.Server
		signed *payments.Signature
		mailer *notifications.Mailer
	)
	return fxrestate.RunWith(
		func(ctx context.Context) error {
			fmt.Printf("ready: %s\n\n", server.URL())
			if runDemo {
				return demo(ctx, server.URL(), signed, mailer)
			}
			requests.Print(os.Stdout, server.URL(), tour(signed))
			<-ctx.Done() // Ctrl-C
			return nil
		},
		shop,
		fx.Supply(addr, source),
		fxrestate.DevServer(devserver.Config{Progress: os.Stderr}),
		fx.Populate(&server, &signed, &mailer),
	)
}
