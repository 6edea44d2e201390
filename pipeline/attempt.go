package pipeline

import (
	"maps"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/scope"
	"github.com/fxrestate/go/internal/sdk"
)

// attempt is all that one attempt of an invocation takes, in one piece of memory: it
// stands around what user code does with the SDK's context.
type attempt struct {
	scope.Scope
	inv Invocation
}

// Invocation returns the invocation that a typed client makes its calls in.
func (a *attempt) Invocation() *Invocation { return &a.inv }

// WrapStep implements sdk.Owner.
func (a *attempt) WrapStep(
	fn func(restate.RunContext) (any, error), encode func(any) (any, error), begun bool, opts ...restate.RunOption,
) func(restate.RunContext) (any, error) {
	return a.inv.wrapStep(fn, encode, begun, opts...)
}

// StepReplayed implements sdk.Owner.
func (a *attempt) StepReplayed() { a.inv.replayed.Add(1) }

// SDKPanicked implements sdk.Owner.
func (a *attempt) SDKPanicked(value any) { a.inv.sdkPanicked(value) }

// SDKRecovered implements sdk.Owner.
func (a *attempt) SDKRecovered() { a.inv.sdkRecovered() }

// RetryDelay implements sdk.Owner.
func (a *attempt) RetryDelay() (time.Duration, bool) { return a.inv.RetryDelay() }

// Pauses implements sdk.Owner.
func (a *attempt) Pauses() bool { return a.inv.Pauses() }

// Failure implements sdk.Owner.
func (a *attempt) Failure() (sdk.FailureKind, error) {
	err := a.inv.failedStep()
	if err == nil {
		err = a.inv.err
	}
	switch err.(type) {
	case *sdkError:
		return sdk.FailureOfSDK, err
	case *PanicError:
		return sdk.FailurePanic, err
	default:
		return sdk.FailurePlain, err
	}
}

var _ sdk.CallWrapper = (*attempt)(nil)

// verbs are those of the SDK's calls.
var verbs = [...]Verb{sdk.Request: VerbCall, sdk.RequestFuture: VerbFuture, sdk.Send: VerbSend}

// WrapsCalls implements sdk.CallWrapper: the calls with the SDK's clients that the
// handler of a foreign definition makes meet the call interceptors. A struct's handlers
// have typed clients for that, and their other calls stay as they are in the journal.
func (a *attempt) WrapsCalls() bool {
	// What does not change comes first: other goroutines ask too.
	return a.inv.chain.body != nil && a.inv.InterceptsCalls() && a.inv.inMethod.Load()
}

// WrapCall implements sdk.CallWrapper.
func (a *attempt) WrapCall(ctx restate.Context, made sdk.Call, makeIt func(input any, headers map[string]string) error) error {
	call := &Call{
		Verb: verbs[made.Kind], Service: made.Service, Key: made.Key, Handler: made.Handler,
		Input: made.Input, Output: made.Output, IdempotencyKey: made.IdempotencyKey, Delay: made.Delay, headers: maps.Clone(made.Headers),
	}
	return a.inv.WrapCall(ctx, call, func(_ restate.Context, c *Call) error { return makeIt(c.Input, c.Headers()) })
}
