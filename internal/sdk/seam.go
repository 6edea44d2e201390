package sdk

import (
	"context"

	restate "github.com/restatedev/sdk-go"
)

// Opener returns a function that opens attempts of one handler around the SDK's
// contexts. Whoever opens one closes it, by [Attempt.Close]. The attempt lies in its
// owner, an E, and that in one piece of memory with the context.
func Opener[E any, O interface {
	*E
	Owner
	Self() *Attempt
}]() func(sdk restate.MockableContext) (restate.MockableContext, O) {
	type sdk = restate.MockableContext
	return opener[E, O](sdk.RunAsync, sdk.Awakeable, sdk.Signal, sdk.Promise, sdk.AttachInvocation, sdk.Service, sdk.RandUUID)
}

// Self returns the attempt of an owner, which embeds it.
func (a *Attempt) Self() *Attempt { return a }

// seam is the context of an attempt, or of a child of it. Its type parameters are what
// the SDK's context returns and what has no public name: the futures of RunAsync,
// Awakeable, Signal, Promise and AttachInvocation, the client that Service, Object and
// Workflow return, that one's future, and the UUID. Method expressions tell the
// compiler of them.
type seam[R, A, S, P, T any, C requester[F], F restate.Future, U any] struct{ guarded }

func opener[E any, O interface {
	*E
	Owner
	Self() *Attempt
}, R, A, S, P, T any, C requester[F], F restate.Future, U any](
	_ func(restate.MockableContext, func(restate.RunContext) (any, error), ...restate.RunOption) R,
	_ func(restate.MockableContext, ...restate.AwakeableOption) A,
	_ func(restate.MockableContext, string, ...restate.SignalOption) S,
	_ func(restate.MockableContext, string, ...restate.PromiseOption) P,
	_ func(restate.MockableContext, string, ...restate.AttachOption) T,
	_ func(restate.MockableContext, string, string, ...restate.ClientOption) C,
	_ func(restate.MockableContext) U,
) func(sdk restate.MockableContext) (restate.MockableContext, O) {
	undecodable := new(once)
	return func(sdk restate.MockableContext) (restate.MockableContext, O) {
		c := new(struct {
			ctx   seam[R, A, S, P, T, C, F, U]
			owner E
		})
		owner := O(&c.owner)
		a := owner.Self()
		a.owner, a.sdk, a.root, a.undecodable, a.watch = owner, sdk, &c.ctx, undecodable, watchOf(sdk)
		c.ctx.MockableContext, c.ctx.attempt = sdk, a
		if a.exchange = exchangeOf(sdk); a.exchange != nil {
			a.exchange.attempt.Store(a)
		}
		return mockable(&c.ctx), owner
	}
}

// mockable turns a context of ours into the SDK's interface. The compiler cannot
// see that the type parameters are what the interface names; a test pins it.
func mockable(c any) restate.MockableContext { return c.(restate.MockableContext) }

// as is mockable for what a context returns.
func as[I any](value any) I { return value.(I) }

func (c *seam[R, A, S, P, T, C, F, U]) child(ctx context.Context) restate.MockableContext {
	return mockable(&seam[R, A, S, P, T, C, F, U]{guarded{c.MockableContext, c.attempt, ctx}})
}

// Wrap serves restate.WrapContext and restate.WithValue.
func (c *seam[R, A, S, P, T, C, F, U]) Wrap(ctx context.Context) restate.MockableContext {
	return c.child(c.wrapped(ctx))
}

func (c *seam[R, A, S, P, T, C, F, U]) RunAsync(fn func(restate.RunContext) (any, error), opts ...restate.RunOption) R {
	c.attempt.mustEnter(opRunAsync)
	defer c.attempt.leave()
	fn, opts, earlier := c.step(fn, opts)
	f := c.attempt.future(c.MockableContext.RunAsync(fn, opts...))
	f.begun = earlier
	return as[R](f)
}

func (c *seam[R, A, S, P, T, C, F, U]) Awakeable(opts ...restate.AwakeableOption) A {
	c.attempt.mustEnter(opAwakeable)
	defer c.attempt.leave()
	f := c.attempt.future(c.MockableContext.Awakeable(opts...))
	f.outside = opAwakeable.String()
	return as[A](f)
}

func (c *seam[R, A, S, P, T, C, F, U]) Signal(name string, opts ...restate.SignalOption) S {
	c.attempt.mustEnter(opSignal)
	defer c.attempt.leave()
	f := c.attempt.future(c.MockableContext.Signal(name, opts...))
	f.outside, f.name = opSignal.String(), name
	return as[S](f)
}

func (c *seam[R, A, S, P, T, C, F, U]) Promise(name string, opts ...restate.PromiseOption) P {
	c.attempt.mustEnter(opPromise)
	defer c.attempt.leave()
	return as[P](c.attempt.future(c.MockableContext.Promise(name, opts...)))
}

func (c *seam[R, A, S, P, T, C, F, U]) AttachInvocation(id string, opts ...restate.AttachOption) T {
	c.attempt.mustEnter(opAttach)
	defer c.attempt.leave()
	return as[T](c.attempt.future(c.MockableContext.AttachInvocation(id, opts...)))
}

func (c *seam[R, A, S, P, T, C, F, U]) Service(service, method string, opts ...restate.ClientOption) C {
	return c.client(c.MockableContext.Service(service, method, opts...), service, "", method)
}

func (c *seam[R, A, S, P, T, C, F, U]) Object(service, key, method string, opts ...restate.ClientOption) C {
	return c.client(c.MockableContext.Object(service, key, method, opts...), service, key, method)
}

func (c *seam[R, A, S, P, T, C, F, U]) Workflow(service, id, method string, opts ...restate.ClientOption) C {
	return c.client(c.MockableContext.Workflow(service, id, method, opts...), service, id, method)
}

func (c *seam[R, A, S, P, T, C, F, U]) client(sdk any, service, key, method string) C {
	made := &client[C, F]{sdk: as[C](sdk), attempt: c.attempt, of: callee{service, method}}
	if w, ok := c.attempt.owner.(CallWrapper); ok && w.WrapsCalls() {
		made.wrapped = &wrapped{w, restate.WithMockContext(mockable(c)), key}
	}
	return as[C](made)
}

func (c *seam[R, A, S, P, T, C, F, U]) RandUUID() U {
	c.attempt.mustEnter(opRand)
	defer c.attempt.leave()
	return as[U](c.MockableContext.RandUUID())
}
