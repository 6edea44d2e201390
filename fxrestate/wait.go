package fxrestate

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/scope"
)

// Pending is an operation that is under way, or a combination of several, whose
// result is a T. The SDK has a type of future for each operation; Pending is one
// type for all of them, so that they can be waited for together:
//
//	quote, err := fxrestate.Future(ctx, s.shop, (*Shop).Quote, in)
//	…
//	approval := restate.Awakeable[bool](ctx)
//	price, ok := fxrestate.ResponseOf(quote), fxrestate.ResultOf(approval)
//
//	// All of them, whatever their types, for an hour at most.
//	_, err = fxrestate.All(price.Void(), ok.Void()).OrTimeout(ctx, time.Hour).Await(ctx)
//	…
//	cents, err := price.Await(ctx) // is there already
//
// [ResponseOf], [ResultOf] and [After] make one from an operation; [All], [First],
// [Any] and [AllSettled] combine them; [Pending.Await] waits. Nothing waits before
// that. In which order operations complete is in the journal: after a crash, and on
// every replay, it is the same again.
//
// Like all durable operations these belong to the goroutine of the handler. See
// https://docs.restate.dev/develop/go/concurrent-tasks.
type Pending[T any] struct{ *pending[T] }

type pending[T any] struct {
	// open returns the operations to wait for: any of them may decide. None: the
	// result is known.
	open   func() []restate.Future
	result func() (T, error)

	decided bool
	value   T
	err     error
}

// operation is a future of the SDK that knows whether it was seen to complete. It
// does not ask the SDK, whose answer need not be the same on replay.
type operation struct {
	restate.Future

	completed bool
}

// Unwrap implements scope.Wrapper.
func (o *operation) Unwrap() restate.Future { return o.Future }

func (o *operation) open() []restate.Future {
	if o.completed {
		return nil
	}
	return []restate.Future{o}
}

func pendingOf[T any](f restate.Future, result func() (T, restate.TerminalError)) Pending[T] {
	return pendingWith(f, func() (value T, err error) {
		defer scope.Rescue(&err)
		value, failure := result()
		if failure != nil {
			return value, failure
		}
		return value, nil
	})
}

func pendingWith[T any](f restate.Future, result func() (T, error)) Pending[T] {
	o := &operation{Future: f}
	return Pending[T]{&pending[T]{open: o.open, result: result}}
}

// ResponseOf takes the SDK's futures that have a method Response: those of
// [Future] and its kin, of the SDK's own calls, and of restate.AttachInvocation. A
// result of [Future] that does not decode is an error that names the handler.
//
// To cancel a call that nobody waits for any more, tell its invocation:
// restate.CancelInvocation(ctx, call.GetInvocationId()). [Race] does so.
func ResponseOf[T any](f interface {
	restate.Future
	Response() (T, restate.TerminalError)
},
) Pending[T] {
	if own, ok := f.(*response[T]); ok {
		return pendingWith(f, own.result)
	}
	return pendingOf(f, f.Response)
}

// ResultOf takes the SDK's futures that have a method Result: those of
// restate.RunAsync, restate.Awakeable, restate.Signal and restate.Promise. For a
// [PromiseKey] there is [PromiseKey.Pending].
func ResultOf[T any](f interface {
	restate.Future
	Result() (T, restate.TerminalError)
},
) Pending[T] {
	return pendingOf(f, f.Result)
}

// After starts a durable timer, which completes when d has passed: at once, if d is
// not positive.
func After(ctx restate.Context, d time.Duration, opts ...restate.SleepOption) Pending[restate.Void] {
	timer, err := startTimer(ctx, max(d, 0), opts)
	if err != nil {
		return Pending[restate.Void]{&pending[restate.Void]{decided: true, err: err}}
	}
	return pendingOf(timer, func() (restate.Void, restate.TerminalError) { return restate.Void{}, timer.Done() })
}

func startTimer(ctx restate.Context, d time.Duration, opts []restate.SleepOption) (timer restate.AfterFuture, err error) {
	defer scope.Rescue(&err)
	return restate.After(ctx, d, opts...), nil
}

// Await waits for the result. Like all durable waiting it may suspend the
// attempt. If the invocation is cancelled meanwhile, the error is one for which
// [IsCancelled] holds; p is as it was then, and can be waited for again.
func (p Pending[T]) Await(ctx restate.Context) (value T, err error) {
	defer scope.Rescue(&err)
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
func (p Pending[T]) Completed() bool { return len(p.wait()) == 0 }

// Void returns p without its value, to combine it with those of other types.
func (p Pending[T]) Void() Pending[restate.Void] {
	return Pending[restate.Void]{&pending[restate.Void]{open: p.wait, result: func() (restate.Void, error) {
		_, err := p.settled()
		return restate.Void{}, err
	}}}
}

// OrTimeout limits the waiting for p: if it has no result when d has passed, the
// result is a terminal error with code 408, for which [IsTimeout] holds. A d that is
// not positive has passed. The time begins now, and goes on while the application is down. What p waits for goes on
// after the timeout.
//
// The SDK for TypeScript has it as orTimeout:
// https://docs.restate.dev/guides/error-handling.
func (p Pending[T]) OrTimeout(ctx restate.Context, d time.Duration) Pending[T] {
	limit := After(ctx, d, restate.WithName("timeout"))
	return Pending[T]{&pending[T]{
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
			return none, restate.ToTerminalError(fmt.Errorf("timed out after %v", d), restate.WithErrorCode(http.StatusRequestTimeout))
		},
	}}
}

var errZeroPending = errors.New("fxrestate: a zero Pending has nothing to wait for; make it with ResponseOf, ResultOf or After")

// wait returns what to wait for, and none when p has its result. A result, once
// there, is not decided again.
func (p Pending[T]) wait() []restate.Future {
	if p.pending == nil || p.decided {
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
func (p Pending[T]) settled() (T, error) {
	if p.pending == nil {
		var none T
		return none, errZeroPending
	}
	return p.value, p.err
}
