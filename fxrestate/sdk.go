package fxrestate

import (
	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/handler"
)

// The SDK's contexts under this package's name, for files that need no more of
// the SDK. They are the same types.
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

// The SDK's errors.
type (
	// TerminalError ends an invocation instead of having it retried; make it
	// with restate.ToTerminalError or restate.TerminalErrorf. See also
	// [IsTimeout] and [IsCancelled].
	TerminalError = restate.TerminalError
	// RetryableError has the invocation retried and carries a code.
	RetryableError = restate.RetryableError
)

// The SDK's options, for signatures. The options themselves are functions of the
// SDK whose names begin with With.
type (
	// ServiceOption is an option of [Service], [Object], [Workflow] and
	// Config.Defaults.
	ServiceOption = restate.ServiceDefinitionOption
	// HandlerOption is an option of [Handler].
	HandlerOption = restate.HandlerOption
	// RetryPolicyOption is an option of restate.WithInvocationRetryPolicy.
	RetryPolicyOption = restate.InvocationRetryPolicyOption
	// ServiceDefinition is a service as the SDK has it: see [Definition].
	ServiceDefinition = restate.ServiceDefinition
)

// In marks a parameter object: a handler whose input struct embeds it gets the
// fields from where their tags say. See [handler.In].
type In = handler.In
