package catalogue

import (
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
)

// Module is the feature: a table, and the virtual object that writes it.
var Module = fx.Module("catalogue",
	fx.Provide(NewTable),
	fxrestate.Object[*Product](NewProduct, fxrestate.Name("product")),
)
