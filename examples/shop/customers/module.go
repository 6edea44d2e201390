package customers

import (
	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
)

// Module is the feature: two tables, and the service that adds points.
var Module = fx.Module("customers",
	fx.Provide(NewLedger),
	fxrestate.Service[*Points](NewPoints,
		fxrestate.Name("points"),
		fxrestate.Handler((*Points).Forget, restate.WithIngressPrivate(true)),
	),
)
