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

// Call runs one attempt with the SDK's context, which has the body too, and returns
// what the SDK is given: the encoded result, or the error. Panics of the SDK pass through. When user code calls
// runtime.Goexit, Call panics with an error for Restate, whose recovery lets the
// goroutine end.
func (c *Chain) Call(ctx restate.MockableContext, _ []byte) ([]byte, error) {
	own, a := c.open(ctx)
	a.Serve(&c.target)
	defer a.Close() // before the SDK takes back what is behind its context
	encoded, err := c.run(restate.WithMockContext(own), &a.inv)
	return encoded, toSDK(err)
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
