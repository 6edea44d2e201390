package fxrestate_test

import (
	"context"
	"fmt"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/rpc"
)

// RatesContract describes a service of another application, in whatever language.
// Its methods are never called.
type RatesContract struct{}

func (RatesContract) Quote(restate.Context, string) (float64, error) { panic("remote") }

// Exchange calls it.
type Exchange struct {
	rates rpc.Service[RatesContract]
}

func NewExchange(rates rpc.Service[RatesContract]) *Exchange { return &Exchange{rates} }

func (e *Exchange) Convert(ctx restate.Context, euros float64) (float64, error) {
	rate, err := rpc.Call(ctx, e.rates, RatesContract.Quote, "EUR")
	return euros * rate, err
}

// RatesServer stands for the other application.
type RatesServer struct{}

func (*RatesServer) Quote(restate.Context, string) (float64, error) { return 1.5, nil }

func ExampleRemoteService() {
	_, stopRemote := testkit.StartApp(fxrestate.Service[*RatesServer](func() *RatesServer { return &RatesServer{} },
		fxrestate.Name("rates"), fxrestate.Naming(handler.LowerCamel)))
	defer stopRemote()
	client, stop := testkit.StartApp(
		fxrestate.RemoteService[RatesContract](fxrestate.Name("rates"), fxrestate.Naming(handler.LowerCamel)),
		fxrestate.Service[*Exchange](NewExchange),
	)
	defer stop()

	dollars, err := ingress.Call(context.Background(), ingress.NewService[*Exchange](client), (*Exchange).Convert, 10)
	fmt.Println(dollars, err)
	// Output: 15 <nil>
}
