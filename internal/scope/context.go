package scope

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	restate "github.com/restatedev/sdk-go"
)

// Mockable returns the SDK's interface behind a handler's context: the type of every
// such context has all its methods.
func Mockable(ctx restate.Context) restate.MockableContext { return mockable(ctx) }

// guarded is the SDK's context behind the gate of its scope: of the methods those
// whose results have names. What only reads the memory of the attempt (Key, Log,
// Request) is passed on.
type guarded struct {
	restate.MockableContext
	scope *Scope
	// ctx is a child that descends from the scope's own context, as
	// context.WithTimeout makes it, or nil.
	ctx context.Context
}

func (c *guarded) Deadline() (time.Time, bool) { return c.below().Deadline() }
func (c *guarded) Done() <-chan struct{}       { return c.below().Done() }
func (c *guarded) Err() error                  { return c.below().Err() }

func (c *guarded) Value(k any) any {
	if _, ok := k.(key); ok {
		return c.scope
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
	if ctx.Value(key{}) == any(c.scope) {
		return ctx
	}
	// A stranger only lends its values, as the SDK has it.
	return borrowed{Context: c.below(), values: ctx}
}

func (c *guarded) Run(fn func(restate.RunContext) (any, error), output any, opts ...restate.RunOption) (failure restate.TerminalError) {
	if m := c.scope.enter(opRun); m != nil {
		return m.failure()
	}
	defer c.scope.leaveWith(opRun, &failure)
	fn, opts = c.step(fn, opts)
	return c.MockableContext.Run(fn, output, opts...)
}

// step gives a Run closure the values, deadline and cancellation of the context
// that Run was called on, and hides the scope from it.
func (c *guarded) step(fn func(restate.RunContext) (any, error), opts []restate.RunOption) (func(restate.RunContext) (any, error), []restate.RunOption) {
	result, corrected := resultOf(opts)
	fn = c.scope.steps.WrapStep(fn, result.encode, opts...)
	return func(rc restate.RunContext) (any, error) {
		return fn(runContext{RunContext: rc, ctx: c.below(), scope: c.scope})
	}, corrected
}

func (c *guarded) Get(k string, output any, opts ...restate.GetOption) (ok bool, failure restate.TerminalError) {
	if m := c.scope.enter(opGet); m != nil {
		return false, m.failure()
	}
	defer c.scope.leaveWith(opGet, &failure)
	return c.MockableContext.Get(k, c.scope.output(opGet, nil, output), opts...)
}

func (c *guarded) Keys() (keys []string, failure restate.TerminalError) {
	if m := c.scope.enter(opKeys); m != nil {
		return nil, m.failure()
	}
	defer c.scope.leaveWith(opKeys, &failure)
	return c.MockableContext.Keys()
}

func (c *guarded) Set(k string, value any, opts ...restate.SetOption) {
	c.scope.mustEnter(opSet)
	defer c.scope.leave()
	c.mustWrite("Set")
	c.MockableContext.Set(k, value, opts...)
}

func (c *guarded) Clear(k string) {
	c.scope.mustEnter(opClear)
	defer c.scope.leave()
	c.mustWrite("Clear")
	c.MockableContext.Clear(k)
}

func (c *guarded) ClearAll() {
	c.scope.mustEnter(opClearAll)
	defer c.scope.leave()
	c.mustWrite("ClearAll")
	c.MockableContext.ClearAll()
}

// mustWrite stops a write from a shared handler, which a type assertion on its
// context makes possible: the server would leave such an invocation hanging.
func (c *guarded) mustWrite(op string) {
	if t := c.scope.target; !t.Mode.Writable() {
		panic(fmt.Errorf("fxrestate: %s in %s/%s: a %s handler cannot write state; let an exclusive handler do it", op, t.Service, t.Handler, t.Mode))
	}
}

// Sleep is over at once for a negative time. The SDK would make a time before the
// year 1970, which is what the zero time.Time asks for, one that never comes.
func (c *guarded) Sleep(d time.Duration, opts ...restate.SleepOption) (failure restate.TerminalError) {
	if m := c.scope.enter(opSleep); m != nil {
		return m.failure()
	}
	defer c.scope.leaveWith(opSleep, &failure)
	return c.MockableContext.Sleep(max(d, 0), opts...)
}

// After takes negative times as Sleep does.
func (c *guarded) After(d time.Duration, opts ...restate.SleepOption) restate.AfterFuture {
	c.scope.mustEnter(opAfter)
	defer c.scope.leave()
	return c.scope.future(c.MockableContext.After(max(d, 0), opts...))
}

func (c *guarded) CancelInvocation(id string) {
	c.scope.mustEnter(opCancel)
	defer c.scope.leave()
	c.MockableContext.CancelInvocation(id)
}

func (c *guarded) ResolveAwakeable(id string, value any, opts ...restate.ResolveAwakeableOption) {
	c.scope.mustEnter(opResolveAwakeable)
	defer c.scope.leave()
	c.MockableContext.ResolveAwakeable(id, value, opts...)
}

func (c *guarded) RejectAwakeable(id string, reason error) {
	c.scope.mustEnter(opRejectAwakeable)
	defer c.scope.leave()
	c.MockableContext.RejectAwakeable(id, reason)
}

func (c *guarded) ResolveSignal(invocationID, name string, value any, opts ...restate.ResolveSignalOption) {
	c.scope.mustEnter(opResolveSignal)
	defer c.scope.leave()
	c.MockableContext.ResolveSignal(invocationID, name, value, opts...)
}

func (c *guarded) RejectSignal(invocationID, name string, reason error) {
	c.scope.mustEnter(opRejectSignal)
	defer c.scope.leave()
	c.MockableContext.RejectSignal(invocationID, name, reason)
}

func (c *guarded) WaitIter(futs ...restate.Future) restate.WaitIterator {
	for _, f := range futs {
		if owner := ownerOf(f); owner != nil && owner != c.scope {
			return &iterator{failure: c.scope.foreign(owner).failure()}
		}
	}
	if m := c.scope.enter(opWait); m != nil {
		return &iterator{failure: m.failure()}
	}
	defer c.scope.leave()
	return &iterator{sdk: c.MockableContext.WaitIter(futs...), scope: c.scope}
}

func (c *guarded) RandInstance() *rand.Rand {
	c.scope.mustEnter(opRand)
	defer c.scope.leave()
	return c.MockableContext.RandInstance()
}

func (c *guarded) RandSource() rand.Source {
	c.scope.mustEnter(opRand)
	defer c.scope.leave()
	return c.MockableContext.RandSource()
}

// borrowed adds the values of a context that does not descend from the scope.
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
	ctx   context.Context
	scope *Scope
}

func (c runContext) Deadline() (time.Time, bool) { return c.ctx.Deadline() }
func (c runContext) Done() <-chan struct{}       { return c.ctx.Done() }
func (c runContext) Err() error                  { return c.ctx.Err() }

func (c runContext) Value(k any) any {
	if _, ok := k.(key); ok {
		return closure{c.scope}
	}
	return c.ctx.Value(k)
}
