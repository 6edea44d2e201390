package scope

import (
	"context"
	"fmt"
	"time"

	restate "github.com/restatedev/sdk-go"
)

// Factory makes scopes. Its type parameter is the SDK's future of RunAsync, a
// type without a public name that [NewFactory] infers.
type Factory[F any] struct {
	runAsync func(restate.MockableContext, func(restate.RunContext) (any, error), ...restate.RunOption) F
}

// NewFactory is called with [restate.MockableContext.RunAsync].
func NewFactory[F any](runAsync func(restate.MockableContext, func(restate.RunContext) (any, error), ...restate.RunOption) F) *Factory[F] {
	return &Factory[F]{runAsync: runAsync}
}

// New opens the scope of an attempt around the SDK's context.
func (f *Factory[F]) New(sdk restate.MockableContext, target *Target) restate.MockableContext {
	return new(root[F]).open(f, sdk, target)
}

// NewWith opens a scope as [Factory.New] does. S, a pointer to an E that lies in one
// piece of memory with the scope, stands around the steps of the attempt.
func NewWith[E, F any, S interface {
	*E
	StepWrapper
}](f *Factory[F], sdk restate.MockableContext, target *Target) (restate.MockableContext, S) {
	c := new(struct {
		root  root[F]
		steps E
	})
	steps := S(&c.steps)
	c.root.scope.steps = steps
	return c.root.open(f, sdk, target), steps
}

func (c *root[F]) open(f *Factory[F], sdk restate.MockableContext, target *Target) restate.MockableContext {
	c.MockableContext, c.factory = sdk, f
	c.scope.sdk, c.scope.target, c.scope.root = sdk, target, c
	return mockable(c)
}

// mockable turns a context of ours into the SDK's interface. The compiler cannot
// see that F is the result type which the interface names; a test pins it.
func mockable(c any) restate.MockableContext { return c.(restate.MockableContext) }

// Mockable returns the SDK's interface behind a handler's context: the type of every
// such context has all its methods.
func Mockable(ctx restate.Context) restate.MockableContext { return mockable(ctx) }

// root is the context of the scope itself.
type root[F any] struct {
	restate.MockableContext
	factory *Factory[F]
	scope   Scope
}

func (c *root[F]) derive(ctx context.Context) restate.Context {
	return restate.WithMockContext(mockable(&derived[F]{root: c, ctx: ctx}))
}

func (c *root[F]) Value(k any) any {
	if _, ok := k.(key); ok {
		return &c.scope
	}
	return c.MockableContext.Value(k)
}

// Wrap serves restate.WrapContext and restate.WithValue.
func (c *root[F]) Wrap(ctx context.Context) restate.MockableContext { return c.wrap(c, ctx) }

func (c *root[F]) wrap(parent, ctx context.Context) restate.MockableContext {
	if ctx.Value(key{}) != any(&c.scope) {
		// A stranger only lends its values, as the SDK has it.
		ctx = borrowed{Context: parent, values: ctx}
	}
	return mockable(&derived[F]{root: c, ctx: ctx})
}

func (c *root[F]) Run(fn func(restate.RunContext) (any, error), output any, opts ...restate.RunOption) restate.TerminalError {
	return c.run(c, fn, output, opts)
}

func (c *root[F]) run(ctx context.Context, fn func(restate.RunContext) (any, error), output any, opts []restate.RunOption) restate.TerminalError {
	c.scope.running.Add(1)
	defer c.scope.running.Add(-1)
	defer c.scope.heed()
	return c.MockableContext.Run(c.inside(ctx, fn, opts), output, opts...)
}

func (c *root[F]) RunAsync(fn func(restate.RunContext) (any, error), opts ...restate.RunOption) F {
	return c.factory.runAsync(c.MockableContext, c.inside(c, fn, opts), opts...)
}

// inside gives a Run closure the values, deadline and cancellation of the context
// that Run was called on, and hides the scope from it.
func (c *root[F]) inside(ctx context.Context, fn func(restate.RunContext) (any, error), opts []restate.RunOption) func(restate.RunContext) (any, error) {
	encode := func(out any) (any, error) { return encodeResult(out, opts) }
	if c.scope.steps != nil {
		fn = c.scope.steps.WrapStep(fn, encode, opts...)
	} else {
		fn = encoded(fn, encode)
	}
	return func(rc restate.RunContext) (any, error) {
		return fn(runContext{RunContext: rc, ctx: ctx, scope: &c.scope})
	}
}

func (c *root[F]) Set(k string, value any, opts ...restate.SetOption) {
	c.mustWrite("Set")
	c.MockableContext.Set(k, value, opts...)
}

func (c *root[F]) Clear(k string) {
	c.mustWrite("Clear")
	c.MockableContext.Clear(k)
}

func (c *root[F]) ClearAll() {
	c.mustWrite("ClearAll")
	c.MockableContext.ClearAll()
}

// mustWrite stops a write from a shared handler, which a type assertion on its
// context makes possible: the server would leave such an invocation hanging.
func (c *root[F]) mustWrite(op string) {
	if t := c.scope.target; !t.Mode.Writable() {
		panic(fmt.Errorf("fxrestate: %s in %s/%s: a %s handler cannot write state; let an exclusive handler do it", op, t.Service, t.Handler, t.Mode))
	}
}

// derived is the context of the scope below a context.Context that descends from
// it: a child made by context.WithValue or context.WithTimeout.
type derived[F any] struct {
	*root[F]
	ctx context.Context
}

func (c *derived[F]) Deadline() (time.Time, bool) { return c.ctx.Deadline() }
func (c *derived[F]) Done() <-chan struct{}       { return c.ctx.Done() }
func (c *derived[F]) Err() error                  { return c.ctx.Err() }
func (c *derived[F]) Value(k any) any             { return c.ctx.Value(k) }

func (c *derived[F]) Wrap(ctx context.Context) restate.MockableContext { return c.wrap(c.ctx, ctx) }

func (c *derived[F]) Run(fn func(restate.RunContext) (any, error), output any, opts ...restate.RunOption) restate.TerminalError {
	return c.run(c.ctx, fn, output, opts)
}

func (c *derived[F]) RunAsync(fn func(restate.RunContext) (any, error), opts ...restate.RunOption) F {
	return c.factory.runAsync(c.MockableContext, c.inside(c.ctx, fn, opts), opts...)
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
