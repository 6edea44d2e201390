package durable_test

import (
	"time"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
)

// children are the applications that a test kills.
var children = map[string]func(name string) fx.Option{
	"trip": func(name string) fx.Option {
		return fxrestate.Service[*Trip](NewTrip, fxrestate.Name(name), tirelessly())
	},
	"sleeper": func(name string) fx.Option {
		return fxrestate.Service[*Sleeper](NewSleeper, fxrestate.Name(name), tirelessly())
	},
	"approval": func(name string) fx.Option {
		return fxrestate.Workflow[*Approval](NewApproval, fxrestate.Name(name), tirelessly())
	},
	"cruise": func(name string) fx.Option {
		return fxrestate.Service[*Cruise](NewCruise, fxrestate.Name(name), tirelessly())
	},
	"refunds": func(name string) fx.Option {
		return fxrestate.Object[*Refunds](NewRefunds, fxrestate.Name(name), tirelessly())
	},
	"choice": func(name string) fx.Option {
		return fxrestate.Workflow[*Choice](NewChoice, fxrestate.Name(name), tirelessly())
	},
}

// tirelessly has failed invocations retried soon, however long their application is
// down: after the default of 70 attempts the server would pause them.
func tirelessly() restate.ServiceDefinitionOption {
	return restate.WithInvocationRetryPolicy(
		restate.WithInitialRetryInterval(200*time.Millisecond),
		restate.WithRetryIntervalFactor(1),
		restate.WithMaxRetryAttempts(10_000),
	)
}
