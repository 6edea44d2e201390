package fxrestate

import restate "github.com/restatedev/sdk-go"

// Aliases of the SDK's contexts. They are optional: files of handlers import the SDK
// itself, and not this package.
type (
	// Context is what the handlers of a service take.
	Context = restate.Context
	// ObjectContext is what the exclusive handlers of a virtual object take.
	ObjectContext = restate.ObjectContext
	// ObjectSharedContext is what the shared handlers of a virtual object take.
	ObjectSharedContext = restate.ObjectSharedContext
	// WorkflowContext is what a workflow's Run takes.
	WorkflowContext = restate.WorkflowContext
	// WorkflowSharedContext is what the other handlers of a workflow take.
	WorkflowSharedContext = restate.WorkflowSharedContext
	// RunContext is what the closure of a restate.Run takes.
	RunContext = restate.RunContext
	// Void stands for no input or no result where a type is needed.
	Void = restate.Void
)

// Aliases of the SDK's errors.
type (
	// TerminalError ends an invocation without a retry. Make one with
	// restate.ToTerminalError or restate.TerminalErrorf.
	TerminalError = restate.TerminalError
	// RetryableError carries a code, and the invocation is retried.
	RetryableError = restate.RetryableError
)

// Aliases of the SDK's types of options, for the signatures of code that configures
// services. The options are functions of the SDK, such as
// restate.WithInactivityTimeout.
type (
	// ServiceOption is an option of [Service], [Object], [Workflow] and
	// Config.Defaults.
	ServiceOption = restate.ServiceDefinitionOption
	// HandlerOption is an option of [Handler].
	HandlerOption = restate.HandlerOption
	// RetryPolicyOption is an option of restate.WithInvocationRetryPolicy. After the last
	// attempt the invocation is paused, or with restate.KillOnMaxAttempts it fails: see
	// Config.Defaults.
	RetryPolicyOption = restate.InvocationRetryPolicyOption
	// ServiceDefinition is a service of the SDK: see [Definition].
	ServiceDefinition = restate.ServiceDefinition
)
