package orders

import (
	"time"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
)

// Name is the name of the workflow.
const Name = "order"

// Module is the feature: a workflow, whose outcome can be asked for during a week, and the
// service for the bank's webhook. The revision is raised when orders in flight cannot go on
// with the new code.
var Module = fx.Module("orders",
	fxrestate.Workflow[*Order](NewOrder,
		fxrestate.Name(Name),
		restate.WithMetadata("revision", "2"),
		restate.WithWorkflowRetention(7*24*time.Hour),
		fxrestate.Handler((*Order).Settle, restate.WithIngressPrivate(true)),
	),
	fxrestate.Service[*BankEvents](NewBankEvents, fxrestate.Name("bank-events")),
)
