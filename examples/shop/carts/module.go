package carts

import (
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
)

// Module is the feature: a virtual object.
var Module = fx.Module("carts", fxrestate.Object[*Cart](NewCart, fxrestate.Name("cart")))
