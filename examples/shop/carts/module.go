package carts

import (
	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
)

// Module is the feature: a virtual object. What orders do with it, nobody else can.
var Module = fx.Module("carts",
	fxrestate.Object[*Cart](NewCart,
		fxrestate.Name("cart"),
		fxrestate.Handler((*Cart).Checkout, private),
		fxrestate.Handler((*Cart).PutBack, private),
		fxrestate.Handler((*Cart).Sold, private),
	),
)

var private = restate.WithIngressPrivate(true)
