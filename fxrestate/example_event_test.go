package fxrestate_test

import (
	"context"
	"fmt"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/event"
	"github.com/fxrestate/go/fxrestate"
)

func ExampleOnEvent() {
	app := fx.New(
		fxrestate.Module,
		fx.Supply(zap.NewNop(), fxrestate.Config{Endpoint: endpoint.Config{Addr: "127.0.0.1:0"}}),
		fxrestate.OnEvent(func(_ context.Context, e event.Event) {
			switch e := e.(type) {
			case event.NotRegistered:
				fmt.Println("not registered:", e.Reason)
			case event.Stopped:
				fmt.Println("stopped:", e.Err)
			}
		}),
	)
	ctx := context.Background()
	if err := app.Start(ctx); err != nil {
		fmt.Println(err)
	}
	if err := app.Stop(ctx); err != nil {
		fmt.Println(err)
	}
	// Output:
	// not registered: Config.Register is nil; set it, or register the endpoint with the restate command
	// stopped: <nil>
}
