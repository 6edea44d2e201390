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
//	approval := restate.Awakeable[bool](ctx)
//	ok := durable.FutureOf(approval, approval.Result)
//
//	// All of them, whatever their types, for an hour at most.
//	_, err = durable.All(price.Void(), ok.Void()).OrTimeout(ctx, time.Hour).Await(ctx)
//	…
//	cents, err := price.Await(ctx) // is there already
//
// Calls that are started, [After] and [PromiseKey.Future] return one, and [FutureOf]
// makes one of a future of the SDK's; [All], [First], [Any], [Some] and [AllSettled]
// combine them; [Future.Await] waits. Nothing waits before that. In which order
// operations complete is in the journal: after a crash, and on every replay, it is
// the same again.
//
// Like all durable operations these belong to the goroutine of the handler. See
// https://docs.restate.dev/develop/go/concurrent-tasks.
type Future[T any] struct{ *future[T] }

type future[T any] struct {
	// open returns the operations to wait for: any of them may decide. None: the
	// result is known.
	open   func() []restate.Future
	result func() (T, error)
	// operations are all of them.
	operations []*operation

	decided bool
	value   T
	err     error
}

// operation is a future of the SDK that knows whether it was seen to complete. It
// does not ask the SDK, whose answer need not be the same on replay.
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

// FutureOf makes a [Future] of one of the SDK's and the method that has its result,
// whatever the SDK named it:
//
//	durable.FutureOf(run, run.Result)        // of restate.RunAsync
//	durable.FutureOf(call, call.Response)    // of a call with the SDK's own client
//	durable.FutureOf(wake, wake.Result)      // of restate.Awakeable
//
// Without a future or a method the result is an error.
func FutureOf[T any, E error](f restate.Future, result func() (T, E)) Future[T] {
	if f == nil || result == nil {
		return failed[T](errors.New("durable: FutureOf nothing; pass a future of the SDK's and its method Result or Response"))
	}
	o := &operation{Future: f}
	o.call, _ = f.(restate.Invocation)
	return Future[T]{&future[T]{open: o.open, operations: []*operation{o}, result: func() (value T, err error) {
		defer sdk.Rescue(&err)
		value, failure := result()
		if any(failure) == nil {
			return value, nil
		}
		return value, failure
	}}}
}

// Ready returns a future that has its result already. It is what the fake of a
// generated client returns in a test.
func Ready[T any](value T, err error) Future[T] {
	return Future[T]{&future[T]{decided: true, value: value, err: err}}
}

// failed is a future whose result is an error.
func failed[T any](err error) Future[T] {
	var none T
	return Ready(none, err)
}

// After starts a durable timer, which completes when d has passed: at once, if d is
// not positive.
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

// Await waits for the result. Like all durable waiting it may suspend the
// attempt. If the invocation is cancelled meanwhile, the error is one for which
// [IsCancelled] holds; p is as it was then, and can be waited for again.
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

// Completed reports whether the result is there, so that Await does not wait. It
// becomes true by some Await only, of p or of a combination with p, and never by
// itself: that is why it is the same on every attempt.
func (p Future[T]) Completed() bool { return len(p.wait()) == 0 }

// Void returns p without its value, to combine it with those of other types.
func (p Future[T]) Void() Future[restate.Void] {
	return Future[restate.Void]{&future[restate.Void]{open: p.wait, operations: p.all(), result: func() (restate.Void, error) {
		_, err := p.settled()
		return restate.Void{}, err
	}}}
}

// OrTimeout limits the waiting for p: if it has no result when d has passed, the
// result is a terminal error with code 408, for which [IsTimeout] holds. A d that is
// not positive has passed. The time begins now, and goes on while the application is
// down. What p waits for goes on after the timeout, unless [Future.Cancel] ends it.
//
// The SDK for TypeScript has it as orTimeout:
// https://docs.restate.dev/guides/error-handling.
func (p Future[T]) OrTimeout(ctx restate.Context, d time.Duration) Future[T] {
	limit := After(ctx, d, restate.WithName("timeout"))
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
				return none, err // there is no timer
			}
			return none, NewTimeoutError(fmt.Sprintf("timed out after %v", d))
		},
	}}
}

// ID returns the id of the invocation that a call made. It waits until the server has
// told it, in the way in which durable operations wait: the attempt may be suspended.
// For what is not a single call the error says so.
func (p Future[T]) ID() (id string, err error) {
	defer sdk.Rescue(&err)
	all := p.all()
	if len(all) != 1 || all[0].call == nil {
		return "", errors.New("durable: ID of a Future that is not a single call")
	}
	return all[0].call.GetInvocationId(), nil
}

// Cancel asks the call that p waits for, or each of a combination, to stop, unless its
// result was waited for. A call that was asked goes on until it next waits for
// something, which then fails as [IsCancelled] tells
// (https://docs.restate.dev/services/invocation/managing-invocations). Other operations
// cannot be cancelled, and go on. [CancelRest] does it for several.
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

// wait returns what to wait for, and none when p has its result. A result, once
// there, is not decided again.
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
