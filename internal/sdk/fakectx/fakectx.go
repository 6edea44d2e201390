package fakectx

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	restate "github.com/restatedev/sdk-go"
)

// Context plays an invocation. [New] makes one of the SDK's contexts of it.
type Context interface {
	context.Context
	Log() *slog.Logger
	Request() *restate.Request
	Wrapped(ctx context.Context) Context
	RandInstance() *rand.Rand
	RandSource() rand.Source
	UUID() [16]byte

	Run(fn func(restate.RunContext) (any, error), output any, opts ...restate.RunOption) restate.TerminalError
	Step(fn func(restate.RunContext) (any, error), opts []restate.RunOption) Operation
	Sleep(d time.Duration, opts ...restate.SleepOption) restate.TerminalError
	Timer(d time.Duration, opts []restate.SleepOption) Operation
	WaitIter(futures ...restate.Future) restate.WaitIterator

	Handler(service, key, handler string, opts []restate.ClientOption) Handler
	CancelInvocation(id string)
	Attached(id string, opts []restate.AttachOption) Operation

	NewAwakeable(opts []restate.AwakeableOption) Operation
	ResolveAwakeable(id string, value any, opts ...restate.ResolveAwakeableOption)
	RejectAwakeable(id string, reason error)
	NamedSignal(name string, opts []restate.SignalOption) Operation
	ResolveSignal(invocationID, name string, value any, opts ...restate.ResolveSignalOption)
	RejectSignal(invocationID, name string, reason error)
	NamedPromise(name string, opts []restate.PromiseOption) Operation

	Key() string
	Get(key string, output any, opts ...restate.GetOption) (bool, restate.TerminalError)
	Keys() ([]string, restate.TerminalError)
	Set(key string, value any, opts ...restate.SetOption)
	Clear(key string)
	ClearAll()
}

// Handler is a handler that is called.
type Handler interface {
	Call(input any, opts []restate.RequestOption) Operation
	Send(input any, opts ...restate.SendOption) restate.Invocation
}

// Operation is what a future is of. Only a promise is asked for Peek, Resolve and Reject.
type Operation interface {
	// ID is the id of the awakeable, or of the invocation that is called.
	ID() string
	// Result waits, and decodes the result.
	Result(output any) restate.TerminalError
	Peek(output any) (bool, restate.TerminalError)
	Resolve(value any) restate.TerminalError
	Reject(reason error) restate.TerminalError
}

// Future is a future of an operation. It has the methods of all kinds of futures.
type Future struct {
	restate.Future // nil: it lends the methods without a public name, which nobody calls

	// Of is the operation.
	Of Operation
}

// Done serves restate.AfterFuture.
func (f *Future) Done() restate.TerminalError { return f.Of.Result(restate.Void{}) }

// Id serves restate.AwakeableFuture.
func (f *Future) Id() string { return f.Of.ID() }

// GetInvocationId serves restate.Invocation.
func (f *Future) GetInvocationId() string { return f.Of.ID() }

// Result serves the futures of awakeables, signals, promises and steps.
func (f *Future) Result(output any) restate.TerminalError { return f.Of.Result(output) }

// Response serves the futures of calls.
func (f *Future) Response(output any) restate.TerminalError { return f.Of.Result(output) }

// Peek serves restate.DurablePromise, as do Resolve and Reject.
func (f *Future) Peek(output any) (bool, restate.TerminalError) { return f.Of.Peek(output) }

// Resolve serves restate.DurablePromise.
func (f *Future) Resolve(value any) restate.TerminalError { return f.Of.Resolve(value) }

// Reject serves restate.DurablePromise.
func (f *Future) Reject(reason error) restate.TerminalError { return f.Of.Reject(reason) }
