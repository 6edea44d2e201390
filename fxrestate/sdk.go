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

// The SDK's options for services and handlers, for signatures and configuration.
// Here are types alone: the options themselves are functions of the SDK, those
// whose names begin with With and some more, and are used from there as they are.
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

// The SDK's options for what handlers do.
type (
	// RunOption is an option of restate.Run and its kin.
	RunOption = restate.RunOption
	// SleepOption is an option of restate.Sleep and restate.After.
	SleepOption = restate.SleepOption
	// RequestOption is an option of rpc.Call and rpc.Start.
	RequestOption = restate.RequestOption
	// SendOption is an option of rpc.Send.
	SendOption = restate.SendOption
	// ClientOption is an option of the SDK's clients, such as restate.Service.
	ClientOption = restate.ClientOption
	// AttachOption is an option of restate.AttachInvocation.
	AttachOption = restate.AttachOption
	// GetOption is an option of restate.Get.
	GetOption = restate.GetOption
	// SetOption is an option of restate.Set.
	SetOption = restate.SetOption
	// PromiseOption is an option of restate.Promise.
	PromiseOption = restate.PromiseOption
	// AwakeableOption is an option of restate.Awakeable.
	AwakeableOption = restate.AwakeableOption
	// ResolveAwakeableOption is an option of restate.ResolveAwakeable.
	ResolveAwakeableOption = restate.ResolveAwakeableOption
	// SignalOption is an option of restate.Signal.
	SignalOption = restate.SignalOption
	// ResolveSignalOption is an option of restate.ResolveSignal.
	ResolveSignalOption = restate.ResolveSignalOption
	// TerminalErrorOption is an option of restate.ToTerminalError.
	TerminalErrorOption = restate.TerminalErrorOption
	// RetryableErrorOption is an option of restate.ToRetryableError.
	RetryableErrorOption = restate.RetryableErrorOption
)

// The SDK's futures, for what keeps or passes them. What they have in common,
// restate.Future, has no other name here: rpc.Start makes a call.
type (
	// RunAsyncFuture is what restate.RunAsync returns.
	RunAsyncFuture[T any] = restate.RunAsyncFuture[T]
	// AfterFuture is what restate.After returns.
	AfterFuture = restate.AfterFuture
	// ResponseFuture is what the SDK's clients return for a call.
	ResponseFuture[O any] = restate.ResponseFuture[O]
	// AttachFuture is what restate.AttachInvocation returns.
	AttachFuture[O any] = restate.AttachFuture[O]
	// AwakeableFuture is what restate.Awakeable returns.
	AwakeableFuture[T any] = restate.AwakeableFuture[T]
	// SignalFuture is what restate.Signal returns.
	SignalFuture[T any] = restate.SignalFuture[T]
	// DurablePromise is what restate.Promise returns.
	DurablePromise[T any] = restate.DurablePromise[T]
)

// In marks a parameter object: a handler whose input struct embeds it gets the
// fields from where their tags say. See [handler.In].
type In = handler.In
