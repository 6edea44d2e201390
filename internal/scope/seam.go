package scope

import (
	"context"

	restate "github.com/restatedev/sdk-go"
)

// Open opens the scope of an attempt around the SDK's context. Whoever opens a scope
// closes it, by [Close].
type Open[W any] func(sdk restate.MockableContext, target *Target) (restate.MockableContext, W)

// Opener returns an [Open] of scopes. A W, a pointer to an E that lies in one piece
// of memory with the scope, stands around the steps of the attempt.
func Opener[E any, W interface {
	*E
	StepWrapper
}]() Open[W] {
	type sdk = restate.MockableContext
	return opener[E, W](sdk.RunAsync, sdk.Awakeable, sdk.Signal, sdk.Promise, sdk.AttachInvocation, sdk.Service, sdk.RandUUID)
}

// seam is the context of a scope, or of a child of it. Its type parameters are what
// the SDK's context returns and what has no public name: the futures of RunAsync,
// Awakeable, Signal, Promise and AttachInvocation, the client of Service and its
// kin, that one's future, and the UUID. Method expressions tell the compiler of them.
type seam[R, A, S, P, T any, C requester[F], F restate.Future, U any] struct{ guarded }

func opener[E any, W interface {
	*E
	StepWrapper
}, R, A, S, P, T any, C requester[F], F restate.Future, U any](
	_ func(restate.MockableContext, func(restate.RunContext) (any, error), ...restate.RunOption) R,
	_ func(restate.MockableContext, ...restate.AwakeableOption) A,
	_ func(restate.MockableContext, string, ...restate.SignalOption) S,
	_ func(restate.MockableContext, string, ...restate.PromiseOption) P,
	_ func(restate.MockableContext, string, ...restate.AttachOption) T,
	_ func(restate.MockableContext, string, string, ...restate.ClientOption) C,
	_ func(restate.MockableContext) U,
) Open[W] {
	return func(sdk restate.MockableContext, target *Target) (restate.MockableContext, W) {
		c := new(struct {
			ctx   seam[R, A, S, P, T, C, F, U]
			scope Scope
			steps E
		})
		steps := W(&c.steps)
		c.ctx.MockableContext, c.ctx.scope = sdk, &c.scope
		c.scope.sdk, c.scope.target, c.scope.root, c.scope.steps = sdk, target, &c.ctx, steps
		return mockable(&c.ctx), steps
	}
}

// mockable turns a context of ours into the SDK's interface. The compiler cannot
// see that the type parameters are what the interface names; a test pins it.
func mockable(c any) restate.MockableContext { return c.(restate.MockableContext) }

// as is mockable for what a context returns.
func as[I any](value any) I { return value.(I) }

func (c *seam[R, A, S, P, T, C, F, U]) child(ctx context.Context) restate.MockableContext {
	return mockable(&seam[R, A, S, P, T, C, F, U]{guarded{c.MockableContext, c.scope, ctx}})
}

// Wrap serves restate.WrapContext and restate.WithValue.
func (c *seam[R, A, S, P, T, C, F, U]) Wrap(ctx context.Context) restate.MockableContext {
	return c.child(c.wrapped(ctx))
}

func (c *seam[R, A, S, P, T, C, F, U]) RunAsync(fn func(restate.RunContext) (any, error), opts ...restate.RunOption) R {
	c.scope.mustEnter(opRunAsync)
	defer c.scope.leave()
	fn, opts = c.step(fn, opts)
	return as[R](c.scope.future(c.MockableContext.RunAsync(fn, opts...)))
}

func (c *seam[R, A, S, P, T, C, F, U]) Awakeable(opts ...restate.AwakeableOption) A {
	c.scope.mustEnter(opAwakeable)
	defer c.scope.leave()
	return as[A](c.scope.future(c.MockableContext.Awakeable(opts...)))
}

func (c *seam[R, A, S, P, T, C, F, U]) Signal(name string, opts ...restate.SignalOption) S {
	c.scope.mustEnter(opSignal)
	defer c.scope.leave()
	return as[S](c.scope.future(c.MockableContext.Signal(name, opts...)))
}

func (c *seam[R, A, S, P, T, C, F, U]) Promise(name string, opts ...restate.PromiseOption) P {
	c.scope.mustEnter(opPromise)
	defer c.scope.leave()
	return as[P](c.scope.future(c.MockableContext.Promise(name, opts...)))
}

func (c *seam[R, A, S, P, T, C, F, U]) AttachInvocation(id string, opts ...restate.AttachOption) T {
	c.scope.mustEnter(opAttach)
	defer c.scope.leave()
	return as[T](c.scope.future(c.MockableContext.AttachInvocation(id, opts...)))
}

func (c *seam[R, A, S, P, T, C, F, U]) Service(service, method string, opts ...restate.ClientOption) C {
	return c.client(c.MockableContext.Service(service, method, opts...), service, method)
}

func (c *seam[R, A, S, P, T, C, F, U]) Object(service, key, method string, opts ...restate.ClientOption) C {
	return c.client(c.MockableContext.Object(service, key, method, opts...), service, method)
}

func (c *seam[R, A, S, P, T, C, F, U]) Workflow(service, id, method string, opts ...restate.ClientOption) C {
	return c.client(c.MockableContext.Workflow(service, id, method, opts...), service, method)
}

func (c *seam[R, A, S, P, T, C, F, U]) client(sdk any, service, method string) C {
	return as[C](&client[C, F]{sdk: as[C](sdk), scope: c.scope, of: callee{service, method}})
}

func (c *seam[R, A, S, P, T, C, F, U]) RandUUID() U {
	c.scope.mustEnter(opRand)
	defer c.scope.leave()
	return as[U](c.MockableContext.RandUUID())
}
