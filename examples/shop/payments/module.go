package payments

import (
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
		fxrestate.Handler((*Service).Charge,
			fxrestate.Guards(NewAmountLimit),
			fxrestate.Pipes(validate.New(nil)),
		),
	),
)
