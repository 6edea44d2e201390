package greeter

import (
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
)

// Module is the feature: a service.
var Module = fx.Module("greeter", fxrestate.Service[*Service](New, fxrestate.Name("greeter")))
