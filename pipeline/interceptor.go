package pipeline

import (
	"errors"

	restate "github.com/restatedev/sdk-go"
)

// Interceptor runs around a handler, in every attempt.
//
// It calls next and returns what next returned, or something else: it may change
// the result, replace the error, or answer without calling next at all. What
// next returns is the handler's result before it is encoded, or the error of the
// handler, of a pipe, of decoding the input, or of an interceptor further in. A
// panic of user code further in arrives as a [*PanicError]. Once the attempt's
// context has ended next returns an error that wraps [ErrAborted], whatever came
// of it further in.
//
// The rules:
//   - Call next at most once, with inv and with ctx or a context made from it by
//     restate.WithValue or restate.WrapContext, on the goroutine that called
//     Intercept and before returning. A second call returns [ErrNextTwice].
//   - Suspension does not return: when the invocation has to wait and the attempt
//     ends, code after next simply does not run, as code after any durable
//     operation. Deferred functions do run, and cannot tell why: what must be
//     told the end of each attempt is an [Observer]. Do not recover.
//   - An interceptor is part of the handler: what it does with ctx is journaled,
//     and on replay it has to do the same in the same order. Side effects belong
//     into restate.Run, and whatever only watches asks [Invocation.Replaying].
//     After an error that is not terminal it does nothing durable, since the next
//     attempt may go another way.
//
// One interceptor serves all invocations and must be safe for concurrent use.
type Interceptor interface {
	Intercept(ctx restate.Context, inv *Invocation, next Next) (any, error)
}

// Next goes on with what an interceptor stands around.
type Next func(ctx restate.Context, inv *Invocation) (any, error)

// InterceptorFunc is an [Interceptor] made of a function.
type InterceptorFunc func(ctx restate.Context, inv *Invocation, next Next) (any, error)

// Intercept calls f.
func (f InterceptorFunc) Intercept(ctx restate.Context, inv *Invocation, next Next) (any, error) {
	return f(ctx, inv, next)
}

// ErrNextTwice is what next returns to an interceptor, also a [CallInterceptor],
// that calls it again.
var ErrNextTwice = errors.New("pipeline: an interceptor called next twice")
