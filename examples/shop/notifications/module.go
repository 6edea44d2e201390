package notifications

import (
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
)

// Module is the feature: a service, and the mailer for others too.
var Module = fx.Module("notifications",
	fx.Provide(NewMailer),
	fxrestate.Service[*Service](New, fxrestate.Name("notifications")),
)
