package fxrestate_test

import (
	"context"
	"fmt"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
)

// startExample starts an application on the server that all examples share, and
// returns the client by which its handlers are called from outside.
func startExample(opts ...fx.Option) (client *ingress.Client, stop func()) {
	app := fx.New(append(opts,
		fxrestate.Module,
		fx.Supply(fxrestate.Config{
			Ingress:  ingress.Config{URL: restateServer.IngressURL()},
			Admin:    admin.Config{URL: restateServer.AdminURL()},
			Endpoint: endpoint.Config{Addr: "127.0.0.1:0"},
			Register: &deployment.Config{URL: "http://" + restateServer.EndpointHost() + ":{{port}}", Required: true},
		}),
		fx.Supply(zap.NewNop()), fx.NopLogger, fx.Populate(&client))...)
	if err := app.Start(context.Background()); err != nil {
		panic(err)
	}
	return client, func() {
		if err := app.Stop(context.Background()); err != nil {
			panic(err)
		}
	}
}

// Scratch runs the code of an example.
type Scratch struct {
	code func(ctx restate.Context) (string, error)
}

func (s *Scratch) Do(ctx restate.Context) (string, error) { return s.code(ctx) }

// Shop is the service that the code of examples calls.
type Shop struct{}

// Quote returns a price in cents.
func (*Shop) Quote(_ restate.Context, item string) (int, error) {
	switch item {
	case "tea":
		return 450, nil
	case "cake":
		return 1950, nil
	default:
		return 0, restate.TerminalErrorf("no %s", item)
	}
}

// Order never comes.
func (*Shop) Order(ctx restate.Context, _ string) (int, error) {
	return restate.Awakeable[int](ctx).Result()
}

// shops is injected.
var shops fxrestate.ServiceClient[*Shop]

// inHandler runs code as a handler and prints what it returns.
func inHandler(code func(ctx restate.Context) (string, error)) {
	client, stop := startExample(
		fxrestate.Service[*Shop](func() *Shop { return &Shop{} }),
		fxrestate.Service[*Scratch](func() *Scratch { return &Scratch{code} }),
		fx.Populate(&shops),
	)
	defer stop()
	out, err := ingress.Call0(context.Background(), ingress.Service[*Scratch](client), (*Scratch).Do)
	if err != nil {
		fmt.Println("error:", err)
		return
	}
	fmt.Println(out)
}
