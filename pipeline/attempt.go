package pipeline

import (
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/scope"
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
	fn func(restate.RunContext) (any, error), encode func(any) (any, error), opts ...restate.RunOption,
) func(restate.RunContext) (any, error) {
	return a.inv.wrapStep(fn, encode, opts...)
}

// SDKPanicked implements sdk.Owner.
func (a *attempt) SDKPanicked(value any) { a.inv.sdkPanicked(value) }

// SDKRecovered implements sdk.Owner.
func (a *attempt) SDKRecovered() { a.inv.sdkRecovered() }

// RetryDelay implements sdk.Owner.
func (a *attempt) RetryDelay() (time.Duration, bool) { return a.inv.RetryDelay() }
