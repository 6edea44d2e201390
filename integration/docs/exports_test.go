package docs_test

import (
	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/fxrestate"
)

// What files need of the SDK for signatures and configuration is there under
// fxrestate's name, as the same types.
var (
	_ func(fxrestate.Context)                = func(restate.Context) {}
	_ func(fxrestate.ObjectContext)          = func(restate.ObjectContext) {}
	_ func(fxrestate.ObjectSharedContext)    = func(restate.ObjectSharedContext) {}
	_ func(fxrestate.WorkflowContext)        = func(restate.WorkflowContext) {}
	_ func(fxrestate.WorkflowSharedContext)  = func(restate.WorkflowSharedContext) {}
	_ func(fxrestate.RunContext)             = func(restate.RunContext) {}
	_ func(fxrestate.Void)                   = func(restate.Void) {}
	_ func(fxrestate.TerminalError)          = func(restate.TerminalError) {}
	_ func(fxrestate.RetryableError)         = func(restate.RetryableError) {}
	_ func(fxrestate.ServiceOption)          = func(restate.ServiceDefinitionOption) {}
	_ func(fxrestate.HandlerOption)          = func(restate.HandlerOption) {}
	_ func(fxrestate.RetryPolicyOption)      = func(restate.InvocationRetryPolicyOption) {}
	_ func(fxrestate.ServiceDefinition)      = func(restate.ServiceDefinition) {}
	_ func(fxrestate.RunOption)              = func(restate.RunOption) {}
	_ func(fxrestate.SleepOption)            = func(restate.SleepOption) {}
	_ func(fxrestate.RequestOption)          = func(restate.RequestOption) {}
	_ func(fxrestate.SendOption)             = func(restate.SendOption) {}
	_ func(fxrestate.ClientOption)           = func(restate.ClientOption) {}
	_ func(fxrestate.AttachOption)           = func(restate.AttachOption) {}
	_ func(fxrestate.GetOption)              = func(restate.GetOption) {}
	_ func(fxrestate.SetOption)              = func(restate.SetOption) {}
	_ func(fxrestate.PromiseOption)          = func(restate.PromiseOption) {}
	_ func(fxrestate.AwakeableOption)        = func(restate.AwakeableOption) {}
	_ func(fxrestate.ResolveAwakeableOption) = func(restate.ResolveAwakeableOption) {}
	_ func(fxrestate.SignalOption)           = func(restate.SignalOption) {}
	_ func(fxrestate.ResolveSignalOption)    = func(restate.ResolveSignalOption) {}
	_ func(fxrestate.TerminalErrorOption)    = func(restate.TerminalErrorOption) {}
	_ func(fxrestate.RetryableErrorOption)   = func(restate.RetryableErrorOption) {}
	_ func(fxrestate.AfterFuture)            = func(restate.AfterFuture) {}
	_ func(fxrestate.RunAsyncFuture[int])    = func(restate.RunAsyncFuture[int]) {}
	_ func(fxrestate.ResponseFuture[int])    = func(restate.ResponseFuture[int]) {}
	_ func(fxrestate.AttachFuture[int])      = func(restate.AttachFuture[int]) {}
	_ func(fxrestate.AwakeableFuture[int])   = func(restate.AwakeableFuture[int]) {}
	_ func(fxrestate.SignalFuture[int])      = func(restate.SignalFuture[int]) {}
	_ func(fxrestate.DurablePromise[int])    = func(restate.DurablePromise[int]) {}
)
