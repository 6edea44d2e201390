package durable

import (
	"errors"
	"fmt"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/sdk"
)

// Future is an operation that is under way, or a combination of several, whose
// result is a T. The SDK has a type of future for each operation; this is one type
// for all of them, so that they can be waited for together:
//
//	price, err := rpc.Start(ctx, s.shop, (*Shop).Quote, in)
//	…
//	id, ok, err := approval.New(ctx) // of an Awakeable[bool]
//	…
//	// All of them, whatever their types, for an hour at most.
//	_, err = durable.All(price.Void(), ok.Void()).OrTimeout(ctx, time.Hour).Await(ctx)
//	…
//	cents, err := price.Await(ctx) // is there already
//
// rpc.Start, [Step.Start], [Awakeable.New], [PromiseKey.Future] and [After] return one,
// and [FutureOf] converts a future of the SDK; [All], [First], [Any], [Some] and [AllSettled]
// combine them; [Map] converts results; [Future.Await] waits. Nothing waits before that. The journal has the
// order in which operations complete: it is the same after a crash and on every replay.
//
// Like all durable operations, futures belong to the goroutine of the handler. See
// https://docs.restate.dev/develop/go/concurrent-tasks.
type Future[T any] struct{ *future[T] }

type future[T any] struct {
	// open returns the operations to wait for, any of which may decide the result.
	// It returns none when the result is known.
	open   func() []restate.Future
	result func() (T, error)
	// operations are all that the future is made of.
	operations []*operation

	decided bool
	value   T
	err     error
}

// operation is a future of the SDK and whether it was seen to complete. The SDK is not
// asked for that: its answer need not be the same on replay.
type operation struct {
	restate.Future
	call restate.Invocation // nil: it is not a call

	completed bool
}

// Unwrap implements sdk.Wrapper.
func (o *operation) Unwrap() restate.Future { return o.Future }

func (o *operation) open() []restate.Future {
	if o.completed {
		return nil
	}
	return []restate.Future{o}
}

// FutureOf converts a future of the SDK. result is the method that returns its result:
//
//	durable.FutureOf(run, run.Result)        // of restate.RunAsync
//	durable.FutureOf(call, call.Response)    // of a call with the SDK's own client
//	durable.FutureOf(signal, signal.Result)  // of restate.Signal
//
// If f or result is nil, the result is an error. A signal with a value of another type is a
// terminal error with code 400, as with an [Awakeable].
func FutureOf[T any, E error](f restate.Future, result func() (T, E)) Future[T] {
	if f == nil || result == nil {
		return failed[T](errors.New("durable: FutureOf nothing; pass a future of the SDK's and its method Result or Response"))
	}
	o := &operation{Future: f}
	o.call = sdk.CallOf(f)
	return Future[T]{&future[T]{open: o.open, operations: []*operation{o}, result: func() (value T, err error) {
		defer sdk.Rescue(&err)
		value, failure := result()
		if any(failure) == nil {
			return value, nil
		}
		return value, failure
	}}}
}

// Ready returns a future that already has its result. The fake of a generated client
// returns it in a test.
func Ready[T any](value T, err error) Future[T] {
	return Future[T]{&future[T]{decided: true, value: value, err: err}}
}

// failed is a future whose result is an error.
func failed[T any](err error) Future[T] {
	var none T
	return Ready(none, err)
}

// After starts a durable timer, which completes when d has passed. It completes at once
// if d is not positive.
func After(ctx restate.Context, d time.Duration, opts ...restate.SleepOption) Future[restate.Void] {
	timer, err := startTimer(ctx, max(d, 0), opts)
	if err != nil {
		return failed[restate.Void](err)
	}
	return FutureOf(timer, func() (restate.Void, restate.TerminalError) { return restate.Void{}, timer.Done() })
}

func startTimer(ctx restate.Context, d time.Duration, opts []restate.SleepOption) (timer restate.AfterFuture, err error) {
	defer sdk.Rescue(&err)
	return restate.After(ctx, d, opts...), nil
}

// Await waits for the result. Like all durable waiting it may suspend the attempt. If the
// invocation is cancelled meanwhile, [IsCancelled] holds for the error. p is unchanged
// then and can be awaited again.
func (p Future[T]) Await(ctx restate.Context) (value T, err error) {
	defer sdk.Rescue(&err)
	for {
		open := p.wait()
		if len(open) == 0 {
			return p.settled()
		}
		done, cancelled := restate.WaitFirst(ctx, open...)
		if cancelled != nil {
			var none T
			return none, cancelled
		}
		done.(*operation).completed = true
	}
}

// Completed reports whether the result is known, so that Await does not wait. Only an
// Await changes it, of p or of a combination with p. That is why it is the same on every
// attempt.
func (p Future[T]) Completed() bool { return len(p.wait()) == 0 }

// Void returns p without its value, to combine it with those of other types.
func (p Future[T]) Void() Future[restate.Void] {
	return Map(p, func(_ T, err error) (restate.Void, error) { return restate.Void{}, err })
}

// Map returns a future with what convert makes of the result of p, which may be an error.
// So operations with results of different types become futures of one type, to be combined:
//
//	text := durable.Map(quote, func(q Quote, err error) (string, error) { return q.String(), err })
//
// convert runs once, when p has its result, and again on each attempt: it uses neither the
// ctx nor what may be different then. Cancel and ID are those of p.
func Map[T, U any](p Future[T], convert func(value T, err error) (U, error)) Future[U] {
	if convert == nil {
		return failed[U](errors.New("durable: Map with no function; pass one that converts the result"))
	}
	return Future[U]{&future[U]{open: p.wait, operations: p.all(), result: func() (U, error) { return convert(p.settled()) }}}
}

// OrTimeout limits how long p is waited for. If p has no result when d has passed, the
// result is a terminal error with code 408, for which [IsTimeout] holds. A d that is not
// positive has passed at once. The time starts now, and runs while the application is
// down. In the journal it is a timer named "timeout", unless restate.WithName gives it
// another name. The operations of p continue after the timeout; [CancelRest] cancels the
// calls among them. See https://docs.restate.dev/guides/error-handling.
func (p Future[T]) OrTimeout(ctx restate.Context, d time.Duration, opts ...restate.SleepOption) Future[T] {
	limit := After(ctx, d, append([]restate.SleepOption{restate.WithName(timeoutName)}, opts...)...)
	return Future[T]{&future[T]{
		operations: p.all(),
		open: func() []restate.Future {
			open := p.wait()
			if len(open) == 0 || limit.Completed() {
				return nil
			}
			return append(open, limit.wait()...)
		},
		result: func() (T, error) {
			if p.Completed() {
				return p.settled()
			}
			var none T
			if _, err := limit.settled(); err != nil {
				return none, err // the timer could not be started
			}
			return none, NewTimeoutError(fmt.Sprintf("timed out after %v", d))
		},
	}}
}

// ID returns the id of the invocation that a call made. It waits for the server to assign
// it, and like all durable waiting may suspend the attempt. If this invocation is
// cancelled meanwhile, [IsSelfCancelled] holds for the error. For a future that is not a
// single call it is an error.
func (p Future[T]) ID(_ restate.Context) (id string, err error) {
	defer sdk.Rescue(&err)
	all := p.all()
	if len(all) != 1 || all[0].call == nil {
		return "", errors.New("durable: ID of a Future that is not a single call")
	}
	return all[0].call.GetInvocationId(), nil
}

// Cancel cancels the invocation that a call made, unless it has completed. The invocation
// continues until it next waits for something, which then fails with an error for which
// [IsCancelled] holds
// (https://docs.restate.dev/services/invocation/managing-invocations). Of a combination
// it cancels each call that has not completed. Steps, awakeables, promises and timers
// cannot be cancelled and continue. [CancelRest] cancels several futures.
func (p Future[T]) Cancel(ctx restate.Context) (err error) {
	defer sdk.Rescue(&err)
	for _, o := range p.all() {
		if o.call != nil && !o.completed {
			restate.CancelInvocation(ctx, o.call.GetInvocationId())
		}
	}
	return nil
}

// all returns the operations that p is made of.
func (p Future[T]) all() []*operation {
	if p.future == nil {
		return nil
	}
	return p.operations
}

// allOf returns the operations of several futures.
func allOf[T any](ps []Future[T]) (all []*operation) {
	for _, p := range ps {
		all = append(all, p.all()...)
	}
	return all
}

var errZeroFuture = errors.New("durable: a zero Future has nothing to wait for; start something, or make it with FutureOf or After")

// wait returns what to wait for, or nothing when p has its result. It decides the result
// only once.
func (p Future[T]) wait() []restate.Future {
	if p.future == nil || p.decided {
		return nil
	}
	if open := p.open(); len(open) > 0 {
		return open
	}
	p.value, p.err = p.result()
	p.decided = true
	return nil
}

// settled returns the result when there is nothing to wait for.
func (p Future[T]) settled() (T, error) {
	if p.future == nil {
		var none T
		return none, errZeroFuture
	}
	return p.value, p.err
}
