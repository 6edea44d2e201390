package pipeline

import (
	"context"

	"github.com/fxrestate/go/internal/safeerr"
)

// Filter turns an error into another: a domain error into a terminal one with a
// code, a terminal one into one that is retried.
//
// It returns the error to go on with, err itself to leave it as it is and keep
// other filters from it, or nil when err is not its business. The first filter
// that returns an error decides; the order is handler, service, group, global. A filter
// cannot make an error go away: to answer with a result instead is an
// [Interceptor]'s job.
//
// Filters see the errors of guards, interceptors, decoding, pipes and the
// handler, terminal ones included, and the [*PanicError] of a panic. They see the error
// of a restate.Run closure too, each time that the closure fails: what they make of it
// is the error of the step, terminal or to be retried. If the handler returns the error
// of a step, they see that as well, as the terminal error that the journal has. They do
// not see suspension, an attempt whose context ended, or a failure of the SDK's own.
// The context cannot journal anything. One filter serves all invocations, and steps that
// run beside each other, and must be safe for concurrent use.
type Filter interface {
	Catch(ctx context.Context, inv *Invocation, err error) error
}

// FilterFunc is a [Filter] made of a function.
type FilterFunc func(ctx context.Context, inv *Invocation, err error) error

// Catch calls f.
func (f FilterFunc) Catch(ctx context.Context, inv *Invocation, err error) error {
	return f(ctx, inv, err)
}

// Catch returns a filter for the errors that [errors.As] finds an E in:
//
//	pipeline.Catch(func(_ context.Context, _ *pipeline.Invocation, err *NotFound) error {
//		return restate.ToTerminalError(err, restate.WithErrorCode(404))
//	})
func Catch[E error](fn func(ctx context.Context, inv *Invocation, err E) error) Filter {
	return catcher[E](fn)
}

type catcher[E error] func(ctx context.Context, inv *Invocation, err E) error

func (c catcher[E]) Catch(ctx context.Context, inv *Invocation, err error) error {
	target, ok := safeerr.As[E](err)
	if !ok {
		return nil
	}
	return c(ctx, inv, target)
}
