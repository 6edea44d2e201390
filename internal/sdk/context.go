package sdk

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	restate "github.com/restatedev/sdk-go"
)

// Mockable returns the SDK's interface behind a handler's context: the type of every
// such context has all its methods, unless it is an [Outer].
func Mockable(ctx restate.Context) restate.MockableContext {
	if own, ok := ctx.(restate.MockableContext); ok {
		return own
	}
	return mockable(ctx.(Outer).RestateContext())
}

// Outer is a struct around a handler's context.
type Outer interface{ RestateContext() restate.Context }

// guarded is the SDK's context behind the gate of its attempt: of the methods those
// whose results have names. What only reads the memory of the attempt (Key,
// Request) is passed on.
type guarded struct {
	restate.MockableContext
	attempt *Attempt
	// ctx is a child that descends from the attempt's own context, as
	// context.WithTimeout makes it, or nil.
	ctx context.Context
}

func (c *guarded) Deadline() (time.Time, bool) { return c.below().Deadline() }
func (c *guarded) Done() <-chan struct{}       { return c.below().Done() }
func (c *guarded) Err() error                  { return c.below().Err() }

func (c *guarded) Value(k any) any {
	if _, ok := k.(key); ok {
		return c.attempt
	}
	return c.below().Value(k)
}

// below is the context whose values, deadline and cancellation c has.
func (c *guarded) below() context.Context {
	if c.ctx != nil {
		return c.ctx
	}
	return c.MockableContext
}

// wrapped returns the child for a context that was made from c by ctx.
func (c *guarded) wrapped(ctx context.Context) context.Context {
	if ctx.Value(key{}) == any(c.attempt) {
		return ctx
	}
	// A stranger only lends its values, as the SDK has it.
	return borrowed{Context: c.below(), values: ctx}
}

func (c *guarded) Run(fn func(restate.RunContext) (any, error), output any, opts ...restate.RunOption) (failure restate.TerminalError) {
	if m := c.attempt.enter(opRun); m != nil {
		return m.failure()
	}
	defer c.attempt.leaveWith(opRun, &failure)
	fn, opts, earlier := c.step(fn, opts)
	failure = c.MockableContext.Run(fn, output, opts...)
	earlier.taken(c.attempt)
	return failure
}

// step gives a Run closure the values, deadline and cancellation of the context
// that Run was called on, and hides the attempt from it. earlier is nil unless an earlier
// attempt began the step.
func (c *guarded) step(fn func(restate.RunContext) (any, error), opts []restate.RunOption) (
	wrapped func(restate.RunContext) (any, error), corrected []restate.RunOption, earlier *begun,
) {
	result, corrected := resultOf(opts)
	if c.attempt.Replaying() {
		earlier = &begun{}
	}
	closure := fn
	fn = c.attempt.owner.WrapStep(func(rc restate.RunContext) (any, error) {
		return runStep(closure, rc)
	}, result.encode, earlier != nil, opts...)
	return func(rc restate.RunContext) (any, error) {
		earlier.executes()
		c.attempt.steps.Add(1)
		defer c.attempt.steps.Add(-1)
		return fn(runContext{RunContext: rc, ctx: c.below(), attempt: c.attempt})
	}, corrected, earlier
}

// begun is a step that an earlier attempt began. Whether that one finished it, only the
// journal knows: then the closure does not run, and there is a result all the same.
type begun struct{ executed, counted atomic.Bool }

func (b *begun) executes() {
	if b != nil {
		b.executed.Store(true)
	}
}

// taken notes that the result of the step is there.
func (b *begun) taken(a *Attempt) {
	if b != nil && !b.executed.Load() && !b.counted.Swap(true) {
		a.owner.StepReplayed()
	}
}

func (c *guarded) Get(k string, output any, opts ...restate.GetOption) (ok bool, failure restate.TerminalError) {
	if m := c.attempt.enter(opGet); m != nil {
		return false, m.failure()
	}
	defer c.attempt.leaveWith(opGet, &failure)
	return c.MockableContext.Get(k, c.attempt.output(opGet, nil, output), opts...)
}

func (c *guarded) Keys() (keys []string, failure restate.TerminalError) {
	if m := c.attempt.enter(opKeys); m != nil {
		return nil, m.failure()
	}
	defer c.attempt.leaveWith(opKeys, &failure)
	return c.MockableContext.Keys()
}

func (c *guarded) Set(k string, value any, opts ...restate.SetOption) {
	c.attempt.mustEnter(opSet)
	defer c.attempt.leave()
	c.mustWrite("Set")
	c.MockableContext.Set(k, value, opts...)
}

func (c *guarded) Clear(k string) {
	c.attempt.mustEnter(opClear)
	defer c.attempt.leave()
	c.mustWrite("Clear")
	c.MockableContext.Clear(k)
}

func (c *guarded) ClearAll() {
	c.attempt.mustEnter(opClearAll)
	defer c.attempt.leave()
	c.mustWrite("ClearAll")
	c.MockableContext.ClearAll()
}

// mustWrite stops a write from a shared handler, which a type assertion on its
// context makes possible: the server would leave such an invocation hanging.
func (c *guarded) mustWrite(operation string) {
	if err := c.attempt.owner.CheckWrite(operation); err != nil {
		panic(err)
	}
}

// Sleep is over at once for a negative time. The SDK would make a time before the
// year 1970, which is what the zero time.Time asks for, one that never comes.
func (c *guarded) Sleep(d time.Duration, opts ...restate.SleepOption) (failure restate.TerminalError) {
	if m := c.attempt.enter(opSleep); m != nil {
		return m.failure()
	}
	defer c.attempt.leaveWith(opSleep, &failure)
	return c.MockableContext.Sleep(max(d, 0), opts...)
}

// After takes negative times as Sleep does.
func (c *guarded) After(d time.Duration, opts ...restate.SleepOption) restate.AfterFuture {
	c.attempt.mustEnter(opAfter)
	defer c.attempt.leave()
	return c.attempt.future(c.MockableContext.After(max(d, 0), opts...))
}

func (c *guarded) CancelInvocation(id string) {
	c.attempt.mustEnter(opCancel)
	defer c.attempt.leave()
	c.MockableContext.CancelInvocation(id)
}

func (c *guarded) ResolveAwakeable(id string, value any, opts ...restate.ResolveAwakeableOption) {
	c.attempt.mustEnter(opResolveAwakeable)
	defer c.attempt.leave()
	c.MockableContext.ResolveAwakeable(id, value, opts...)
}

func (c *guarded) RejectAwakeable(id string, reason error) {
	c.attempt.mustEnter(opRejectAwakeable)
	defer c.attempt.leave()
	c.MockableContext.RejectAwakeable(id, reason)
}

func (c *guarded) ResolveSignal(invocationID, name string, value any, opts ...restate.ResolveSignalOption) {
	c.attempt.mustEnter(opResolveSignal)
	defer c.attempt.leave()
	c.MockableContext.ResolveSignal(invocationID, name, value, opts...)
}

func (c *guarded) RejectSignal(invocationID, name string, reason error) {
	c.attempt.mustEnter(opRejectSignal)
	defer c.attempt.leave()
	c.MockableContext.RejectSignal(invocationID, name, reason)
}

func (c *guarded) WaitIter(futs ...restate.Future) restate.WaitIterator {
	for _, f := range futs {
		if owner := ownerOf(f); owner != nil && owner != c.attempt {
			return &iterator{failure: c.attempt.foreign(owner).failure()}
		}
	}
	if m := c.attempt.enter(opWait); m != nil {
		return &iterator{failure: m.failure()}
	}
	defer c.attempt.leave()
	return &iterator{sdk: c.MockableContext.WaitIter(futs...), attempt: c.attempt}
}

func (c *guarded) RandInstance() *rand.Rand {
	c.attempt.mustEnter(opRand)
	defer c.attempt.leave()
	return c.MockableContext.RandInstance()
}

func (c *guarded) RandSource() rand.Source {
	c.attempt.mustEnter(opRand)
	defer c.attempt.leave()
	return c.MockableContext.RandSource()
}

// borrowed adds the values of a context that does not descend from the attempt.
type borrowed struct {
	context.Context
	values context.Context
}

func (c borrowed) Value(k any) any {
	if _, own := k.(key); !own { // a stranger may belong to another attempt
		if v := c.values.Value(k); v != nil {
			return v
		}
	}
	return c.Context.Value(k)
}

// runContext is the context of a Run closure.
type runContext struct {
	restate.RunContext
	ctx     context.Context
	attempt *Attempt
}

func (c runContext) Deadline() (time.Time, bool) { return c.ctx.Deadline() }
func (c runContext) Done() <-chan struct{}       { return c.ctx.Done() }
func (c runContext) Err() error                  { return c.ctx.Err() }

// Log returns a logger whose lines name the invocation as those of the handler's do.
func (c runContext) Log() *slog.Logger {
	return c.attempt.ownLogger()
}

func (c runContext) Value(k any) any {
	if _, ok := k.(key); ok {
		return closure{c.attempt}
	}
	return c.ctx.Value(k)
}
