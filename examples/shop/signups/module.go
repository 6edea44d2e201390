package signups

import (
	"time"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/pipeline/validate"
)

// Module is the feature: a workflow, whose outcome can be asked for during a week.
var Module = fx.Module("signups",
	fxrestate.Workflow[*Signup](NewSignup,
		fxrestate.Name("user-signup"),
		restate.WithWorkflowRetention(7*24*time.Hour),
		fxrestate.Handler((*Signup).Run, fxrestate.Pipes(validate.New(nil))),
	),
)
