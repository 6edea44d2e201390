package pipeline

import (
	"context"
	"fmt"
	"log/slog"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/safeerr"
	"github.com/fxrestate/go/internal/sdk"
)

// StepInterceptor runs around each restate.Run closure that is executed: never on
// replay, since a closure whose result is in the journal does not run at all.
//
// Here side effects are in their place. What the closure returns, and what a step
// interceptor makes of it, is what the journal keeps. An error is retried unless
// it is terminal; each [Filter] and then [Stages.AsTerminalError] maps it after the
// interceptors. A panic of the closure arrives as a [*PanicError].
//
// The closure runs on a goroutine of its own, beside the handler when the handler
// used restate.RunAsync. ctx ends with the attempt. Call next at most once, on the
// goroutine that called InterceptStep and before returning; a second call returns
// [ErrNextTwice]. One interceptor serves all invocations and must be safe for
// concurrent use.
type StepInterceptor interface {
	InterceptStep(ctx restate.RunContext, step *Step, next StepNext) (any, error)
}

// StepNext goes on with what a step interceptor stands around. Its context is the
// one that the interceptor got, or one made from it by [WithContext].
type StepNext func(ctx restate.RunContext, step *Step) (any, error)

// StepInterceptorFunc is a [StepInterceptor] made of a function.
type StepInterceptorFunc func(ctx restate.RunContext, step *Step, next StepNext) (any, error)

// InterceptStep calls f.
func (f StepInterceptorFunc) InterceptStep(ctx restate.RunContext, step *Step, next StepNext) (any, error) {
	return f(ctx, step, next)
}

// Step is one execution of a restate.Run closure.
type Step struct {
	inv    *Invocation
	fn     func(ctx restate.RunContext) (any, error)
	opts   []restate.RunOption
	flight flight
	again  bool

	reached int // how far into the interceptors the step is
}

// Invocation returns the invocation that the step belongs to.
func (s *Step) Invocation() *Invocation { return s.inv }

// Name returns the step's name, as restate.WithName gave it, or "".
func (s *Step) Name() string { return sdk.Options(restate.RunOption.BeforeRun, s.opts).Name }

// Again reports whether an earlier attempt began the step and did not finish it: it failed,
// or the attempt ended meanwhile.
func (s *Step) Again() bool { return s.again }

// WithContext returns ctx with the deadline, the cancellation and the values of
// inner, which has to be made from ctx. It is how a step interceptor hands a
// closure a context with a deadline or a value.
func WithContext(ctx restate.RunContext, inner context.Context) restate.RunContext {
	return runContext{Context: inner, run: ctx}
}

type runContext struct {
	context.Context
	run restate.RunContext
}

func (c runContext) Log() *slog.Logger         { return c.run.Log() }
func (c runContext) Request() *restate.Request { return c.run.Request() }

// wrapStep puts the step interceptors, the filters and the error mapping around a closure.
//
// The SDK runs the closure, and encodes its result, on a goroutine of its own: a panic
// of code that it calls there ends the process or tells the stack to the caller, and
// runtime.Goexit has it wait for ever. So encode, which is user code too, encodes what
// the step interceptors return, and an error is one that the SDK can ask anything.
func (inv *Invocation) wrapStep(
	fn func(ctx restate.RunContext) (any, error), encode func(result any) (any, error), begun bool, opts ...restate.RunOption,
) func(ctx restate.RunContext) (any, error) {
	return func(ctx restate.RunContext) (any, error) {
		step := &Step{inv: inv, fn: fn, opts: opts, again: begun}
		result, err := inv.apart(&step.flight, func() (any, error) {
			result, err := inv.chain.steps(ctx, step)
			if err == nil && encode != nil {
				result, err = encode(result)
			}
			return result, err
		})
		if err == nil {
			return result, nil // of something that has happened, even if the attempt is over
		}
		ofSDK := step.flight.sdk.Load() != nil
		var failed *stepError
		_, err = inv.apart(new(flight), func() (any, error) {
			err := inv.settleStep(ctx, err, ofSDK)
			failed = newStepError(err)
			return nil, err
		})
		if failed == nil {
			failed = newStepError(err) // of a panic or so of the mapping
		}
		return nil, failed
	}
}

// stepError is the error of a step as the SDK gets it.
type stepError struct {
	error // plain values
	cause error
}

func newStepError(err error) *stepError { return &stepError{safeerr.ForSDK(err), err} }

func (e *stepError) Unwrap() error        { return e.error }
func (e *stepError) Is(target error) bool { return safeerr.Is(e.cause, target) }

// As leaves it to Unwrap to find the SDK's errors, in the form that the SDK can read.
func (e *stepError) As(target any) bool {
	switch target.(type) {
	case *restate.TerminalError, *restate.RetryableError:
		return false
	default:
		return safeerr.AsTarget(e.cause, target)
	}
}

// settleStep takes the error of a step through the filters and the error mapping, as
// settle does with that of the handler.
func (inv *Invocation) settleStep(ctx restate.RunContext, err error, ofSDK bool) error {
	if !ofSDK && inv.root.Err() == nil {
		err = inv.chain.mapError(inv.chain.filter(ctx, inv, err))
	}
	err = inv.orAborted(err)
	inv.wishRetryOfStep(err)
	return err
}

// aroundStep puts a step interceptor around next. index is its place, from the
// outside in, counted from one.
func aroundStep(interceptor StepInterceptor, index int, next StepNext) StepNext {
	return func(ctx restate.RunContext, step *Step) (any, error) {
		if err := step.enter(index); err != nil {
			return nil, err
		}
		return step.inv.protect(&step.flight, byStage, func() (any, error) { return interceptor.InterceptStep(ctx, step, next) })
	}
}

// runStep returns what the step interceptors stand around. index is its place.
func runStep(index int) StepNext {
	return func(ctx restate.RunContext, step *Step) (any, error) {
		if err := step.enter(index); err != nil {
			return nil, err
		}
		return step.inv.protect(&step.flight, byStage, func() (any, error) { return step.fn(ctx) })
	}
}

// enter notes that the step is at the interceptor with the given index, or past
// the last one.
func (s *Step) enter(index int) error {
	if s.reached >= index {
		return fmt.Errorf("%w, around step %q of %s", ErrNextTwice, s.Name(), s.inv)
	}
	s.reached = index
	return nil
}
