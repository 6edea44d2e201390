package fakectx

import (
	"context"
	"time"

	restate "github.com/restatedev/sdk-go"
)

// New makes a context of the SDK's of one that plays an invocation.
func New(of Context) restate.MockableContext {
	type sdk = restate.MockableContext
	// The compiler checks here that no method of the SDK's context is missing.
	var made sdk = newSeam(of, sdk.Service, sdk.AttachInvocation, sdk.Awakeable, sdk.Signal, sdk.RunAsync, sdk.Promise, sdk.RandUUID)
	return made
}

// clientOf is what the SDK's client has, for which there is no name.
type clientOf[F any] interface {
	RequestFuture(input any, opts ...restate.RequestOption) F
	Request(input, output any, opts ...restate.RequestOption) restate.TerminalError
	Send(input any, opts ...restate.SendOption) restate.Invocation
}

// seam is the context. Its type parameters are what the SDK's context returns and what
// has no public name: the client and its future, the futures of AttachInvocation,
// Awakeable, Signal, RunAsync and Promise, and the UUID.
type seam[C clientOf[F], F, T, A, S, R, P any, U ~[16]byte] struct{ Context }

func newSeam[C clientOf[F], F, T, A, S, R, P any, U ~[16]byte](
	of Context,
	_ func(restate.MockableContext, string, string, ...restate.ClientOption) C,
	_ func(restate.MockableContext, string, ...restate.AttachOption) T,
	_ func(restate.MockableContext, ...restate.AwakeableOption) A,
	_ func(restate.MockableContext, string, ...restate.SignalOption) S,
	_ func(restate.MockableContext, func(restate.RunContext) (any, error), ...restate.RunOption) R,
	_ func(restate.MockableContext, string, ...restate.PromiseOption) P,
	_ func(restate.MockableContext) U,
) *seam[C, F, T, A, S, R, P, U] {
	return &seam[C, F, T, A, S, R, P, U]{of}
}

// as makes one of the SDK's nameless futures of an operation. A test pins that a Future
// has the methods of each of them.
func as[F any](of Operation) F { return any(&Future{Of: of}).(F) }

func (s *seam[C, F, T, A, S, R, P, U]) Wrap(ctx context.Context) restate.MockableContext {
	var made any = &seam[C, F, T, A, S, R, P, U]{s.Wrapped(ctx)}
	return made.(restate.MockableContext)
}

func (s *seam[C, F, T, A, S, R, P, U]) RandUUID() U { return U(s.UUID()) }

func (s *seam[C, F, T, A, S, R, P, U]) After(d time.Duration, opts ...restate.SleepOption) restate.AfterFuture {
	return &Future{Of: s.Timer(d, opts)}
}

func (s *seam[C, F, T, A, S, R, P, U]) RunAsync(fn func(restate.RunContext) (any, error), opts ...restate.RunOption) R {
	return as[R](s.Step(fn, opts))
}

func (s *seam[C, F, T, A, S, R, P, U]) AttachInvocation(id string, opts ...restate.AttachOption) T {
	return as[T](s.Attached(id, opts))
}

func (s *seam[C, F, T, A, S, R, P, U]) Awakeable(opts ...restate.AwakeableOption) A {
	return as[A](s.NewAwakeable(opts))
}

func (s *seam[C, F, T, A, S, R, P, U]) Signal(name string, opts ...restate.SignalOption) S {
	return as[S](s.NamedSignal(name, opts))
}

func (s *seam[C, F, T, A, S, R, P, U]) Promise(name string, opts ...restate.PromiseOption) P {
	return as[P](s.NamedPromise(name, opts))
}

func (s *seam[C, F, T, A, S, R, P, U]) Service(service, handler string, opts ...restate.ClientOption) C {
	return s.client(service, "", handler, opts)
}

func (s *seam[C, F, T, A, S, R, P, U]) Object(service, key, handler string, opts ...restate.ClientOption) C {
	return s.client(service, key, handler, opts)
}

func (s *seam[C, F, T, A, S, R, P, U]) Workflow(service, id, handler string, opts ...restate.ClientOption) C {
	return s.client(service, id, handler, opts)
}

func (s *seam[C, F, T, A, S, R, P, U]) client(service, key, handler string, opts []restate.ClientOption) C {
	var made any = client[F]{s.Handler(service, key, handler, opts)}
	return made.(C)
}

// client serves the SDK's client.
type client[F any] struct{ Handler }

func (c client[F]) RequestFuture(input any, opts ...restate.RequestOption) F {
	return as[F](c.Call(input, opts))
}

func (c client[F]) Request(input, output any, opts ...restate.RequestOption) restate.TerminalError {
	return c.Call(input, opts).Result(output)
}
