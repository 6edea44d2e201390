package docs_test

import (
	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/fxrestate"
)

// What files need of the SDK for signatures and configuration is there under
// fxrestate's name, as the same types.
var (
	_ func(fxrestate.Context)               = func(restate.Context) {}
	_ func(fxrestate.ObjectContext)         = func(restate.ObjectContext) {}
	_ func(fxrestate.ObjectSharedContext)   = func(restate.ObjectSharedContext) {}
	_ func(fxrestate.WorkflowContext)       = func(restate.WorkflowContext) {}
	_ func(fxrestate.WorkflowSharedContext) = func(restate.WorkflowSharedContext) {}
	_ func(fxrestate.RunContext)            = func(restate.RunContext) {}
	_ func(fxrestate.Void)                  = func(restate.Void) {}
	_ func(fxrestate.TerminalError)         = func(restate.TerminalError) {}
	_ func(fxrestate.RetryableError)        = func(restate.RetryableError) {}
	_ func(fxrestate.ServiceOption)         = func(restate.ServiceDefinitionOption) {}
	_ func(fxrestate.HandlerOption)         = func(restate.HandlerOption) {}
	_ func(fxrestate.RetryPolicyOption)     = func(restate.InvocationRetryPolicyOption) {}
	_ func(fxrestate.ServiceDefinition)     = func(restate.ServiceDefinition) {}
)
