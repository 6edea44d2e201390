package payments

import (
	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/pipeline/validate"
)

// Module is the feature: a service, with what runs around its handlers.
var Module = fx.Module("payments",
	fx.Provide(NewBank, NewSignature),
	fxrestate.Service[*Service](New,
		fxrestate.Name("payments"),
		fxrestate.AsTerminalError(declined),
		fxrestate.Pipes(validate.New(nil)),
		fxrestate.Handler((*Service).Charge, fxrestate.Guards(NewAmountLimit)),
		fxrestate.Handler((*Service).ChargeOrder, fxrestate.Guards(NewAmountLimit), restate.WithIngressPrivate(true)),
	),
)
