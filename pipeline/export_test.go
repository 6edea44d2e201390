package pipeline

import restate "github.com/restatedev/sdk-go"

// Run runs one attempt with an invocation of the test's, without the scope of an
// attempt.
func (c *Chain) Run(ctx restate.Context, inv *Invocation) ([]byte, error) { return c.run(ctx, inv) }

// WrapStep puts what stands around steps around a closure.
func (inv *Invocation) WrapStep(
	fn func(restate.RunContext) (any, error), encode func(any) (any, error), opts ...restate.RunOption,
) func(restate.RunContext) (any, error) {
	return inv.wrapStep(fn, encode, false, opts...)
}

// ForSDK is what becomes of the error of Run.
func (*Invocation) ForSDK(err error) error { return toSDK(err) }

// Context returns the context of the attempt, with all that it can do.
func (inv *Invocation) Context() restate.Context { return inv.root }

// FailedStep is the error of the closure that the attempt failed with, or nil.
func (inv *Invocation) FailedStep() error { return inv.failedStep() }
