package integration_test

import (
	"testing"

	sdk "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
)

type Gateway struct{ prefix string }

func NewGateway() *Gateway { return &Gateway{"receipt-"} }

type Payments struct{ gateway *Gateway }

func NewPayments(g *Gateway) *Payments { return &Payments{g} }

func (p *Payments) Charge(ctx sdk.Context, in int) (string, error) {
	return sdk.Run(ctx, func(sdk.RunContext) (string, error) { return p.gateway.prefix + "1", nil }, sdk.WithName("charge"))
}

func TestServiceAnswersThroughIngress(t *testing.T) {
	start(t, fx.Provide(NewGateway), fxrestate.Service[*Payments](NewPayments, fxrestate.Name("smoke-payments")))
	require.Equal(t, "receipt-1", decode[string](t, call(t, "/smoke-payments/Charge", 3)))
}
