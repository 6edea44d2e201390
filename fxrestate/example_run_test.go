package fxrestate_test

import (
	"context"
	"fmt"
	"os"

	"go.uber.org/fx"

	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
)

// A program that runs with a restate-server of its own, says where that is, and serves
// until Ctrl-C.
func ExampleRunWith() {
	var client *ingress.Client
	err := fxrestate.RunWith(
		func(ctx context.Context) error {
			fmt.Println("ready:", client.URL())
			<-ctx.Done()
			return nil
		},
		fxrestate.Module,
		fxrestate.DevServer(devserver.Config{Progress: os.Stderr}),
		fxrestate.Service[*doorman](func() *doorman { return &doorman{} }),
		fx.Populate(&client),
	)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
