package pipeline

import (
	"context"
	"fmt"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/safeerr"
)

// This file is the way of an attempt through the members of its chain, from the SDK's
// context to the handler and back.

// Call runs one attempt with the SDK's context, which has the body too, and returns
// what the SDK is given: the encoded result, or the error. Panics of the SDK pass
// through. When user code calls runtime.Goexit, Call panics with an error for Restate,
// whose recovery lets the goroutine end.
func (c *Chain) Call(ctx restate.MockableContext, _ []byte) ([]byte, error) {
	own, a := c.open(ctx)
	a.Serve(&c.target)
	defer a.Close() // before the SDK takes back what is behind its context
	encoded, err := c.run(restate.WithMockContext(own), &a.inv)
	return encoded, toSDK(err)
}

// run runs one attempt. ctx is the handler's context. inv is filled in and must be
// zero.
func (c *Chain) run(ctx restate.Context, inv *Invocation) (encoded []byte, err error) {
	inv.chain, inv.target, inv.root, inv.ctx = c, &c.target, ctx, ctx
	defer inv.finish(&err)
	inv.begin()
	encoded, err = c.attempt(inv)
	if err != nil {
		inv.cause = err
		err = c.settle(inv, err)
		inv.wishRetry(err)
	}
	inv.output = len(encoded)
	if err = inv.conclude(err); err != nil {
		return nil, err
	}
	return encoded, nil
}

// attempt goes from the guards to the encoded result.
func (c *Chain) attempt(inv *Invocation) (encoded []byte, err error) {
	_, err = inv.protect(&inv.flight, byStage, func() (any, error) {
		if err := c.admit(inv); err != nil {
			return nil, err
		}
		result, err := c.head(inv.ctx, inv)
		if err != nil {
			return nil, err
		}
		if encoded, err = c.method.Encode(result); err != nil {
			return nil, fmt.Errorf("failed to serialize output: %w", safeerr.Of(err))
		}
		return nil, nil
	})
	return encoded, err
}

// admit asks the guards, in order, until one refuses.
func (c *Chain) admit(inv *Invocation) error {
	replaying, known := false, false
	for _, g := range c.guards {
		var ok bool
		var err error
		if d, is := g.(durable); is {
			ok, err = d.guard.Allow(inv.ctx, inv)
			inv.resume(&inv.flight)
			// What it journaled may have been all there was to replay: then the
			// guards after it were never asked.
			known = false
		} else {
			if !known {
				replaying, known = inv.Replaying(), true
			}
			if replaying {
				continue
			}
			ok, err = g.Allow(&inv.guardCtx, inv)
		}
		if err != nil {
			return err
		}
		if !ok {
			return refused(g)
		}
	}
	inv.admitted = true
	return nil
}

// around puts an interceptor around next. index is its place, from the outside
// in, counted from one.
func around(interceptor Interceptor, index int, next Next) Next {
	return func(ctx restate.Context, inv *Invocation) (any, error) {
		if err := inv.enter(index); err != nil {
			return nil, err
		}
		result, err := inv.protect(&inv.flight, byStage, func() (any, error) { return interceptor.Intercept(ctx, inv, next) })
		return result, inv.orAborted(err)
	}
}

// enter notes that the attempt is at the interceptor with the given index, or
// past the last one.
func (inv *Invocation) enter(index int) error {
	if inv.reached >= index {
		return fmt.Errorf("%w, around %s", ErrNextTwice, inv)
	}
	inv.reached = index
	return nil
}

// middle is what the interceptors stand around: decoding, pipes, the handler.
func (c *Chain) middle(ctx restate.Context, inv *Invocation) (any, error) {
	if err := inv.enter(c.depth + 1); err != nil {
		return nil, err
	}
	result, err := inv.protect(&inv.flight, byStage, func() (any, error) {
		if c.body != nil && len(c.pipes) == 0 {
			return inv.callBody(ctx)
		}
		input, err := inv.decode()
		if err != nil {
			return nil, err
		}
		for _, p := range c.pipes {
			if input, err = p.Transform(ctx, inv, input); err != nil {
				return nil, err
			}
			inv.resume(&inv.flight)
		}
		if len(c.pipes) > 0 {
			inv.setInput(input)
		}
		return inv.callMethod(ctx, input)
	})
	return result, inv.orAborted(err)
}

// callMethod calls the handler. It notes that the handler's own code runs.
func (inv *Invocation) callMethod(ctx restate.Context, input any) (any, error) {
	inv.inMethod.Store(true)
	defer inv.inMethod.Store(false)
	return inv.chain.method.Call(ctx, input)
}

// callBody is callMethod for a handler that decodes its body itself.
func (inv *Invocation) callBody(ctx restate.Context) (any, error) {
	inv.inMethod.Store(true)
	defer inv.inMethod.Store(false)
	return inv.chain.body.CallBody(ctx)
}

// decode decodes the input, once.
func (inv *Invocation) decode() (any, error) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	if !inv.decoded {
		inv.input, inv.inputErr = inv.chain.method.Decode(inv)
		inv.decoded = true
		if inv.inputErr != nil {
			inv.inputErr = undecodable(inv.inputErr)
		}
	}
	return inv.input, inv.inputErr
}

// settle takes an error through the filters and the error mapping to the dead
// letters.
func (c *Chain) settle(inv *Invocation, cause error) error {
	_, err := inv.protect(&inv.flight, byStage, func() (any, error) {
		settled := cause
		if inv.root.Err() == nil {
			settled = c.mapError(c.filter(inv.ctx, inv, settled))
		}
		if failure := safeerr.Terminal(settled); failure != nil && inv.root.Err() == nil {
			if failed := c.bury(inv, failure); failed != nil {
				return nil, failed
			}
		}
		return nil, settled
	})
	return err
}

// mapError offers an error that is not terminal to the mappings.
func (c *Chain) mapError(err error) error {
	if len(c.mappings) == 0 || safeerr.Terminal(err) != nil {
		return err
	}
	for _, as := range c.mappings {
		if terminal := as(err); terminal != nil {
			return safeerr.Of(terminal)
		}
	}
	return err
}

// filter offers err, of the handler or of a step with the context below, to the filters
// until one takes it.
func (c *Chain) filter(below context.Context, inv *Invocation, err error) error {
	if len(c.filters) == 0 {
		return err
	}
	ctx := &stageContext{Context: below, stage: stageFilter}
	for _, f := range c.filters {
		if caught := f.Catch(ctx, inv, err); caught != nil {
			return safeerr.Of(caught)
		}
	}
	return err
}
