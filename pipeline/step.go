package pipeline

import (
	"context"
	"log/slog"
	"reflect"

	restate "github.com/restatedev/sdk-go"
)

// StepInterceptor runs around each restate.Run closure that is executed: never on
// replay, since a closure whose result is in the journal does not run at all.
//
// Here side effects are in their place. What the closure returns, and what a step
// interceptor makes of it, is what the journal keeps. An error is retried unless
// it is terminal; [Stages.AsTerminalError] maps it after the interceptors. A panic
// of the closure arrives as a [*PanicError].
//
// The closure runs on a goroutine of its own, beside the handler when the handler
// used restate.RunAsync. ctx ends with the attempt. Call next at most once. One
// interceptor serves all invocations and must be safe for concurrent use.
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
}

// Invocation returns the invocation that the step belongs to.
func (s *Step) Invocation() *Invocation { return s.inv }

// Name returns the step's name, as restate.WithName gave it, or "".
func (s *Step) Name() string { return stepName(s.opts) }

// stepName reads the name from options. Their target has no public name in the
// SDK, so it is inferred.
func stepName[O any, P interface{ BeforeRun(*O) }](opts []P) string {
	if len(opts) == 0 {
		return ""
	}
	var o O
	for _, opt := range opts {
		opt.BeforeRun(&o)
	}
	if name := reflect.ValueOf(&o).Elem().FieldByName("Name"); name.IsValid() {
		return name.String()
	}
	return ""
}

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

// WrapRun puts the step interceptors and the error mapping around a closure.
// Whoever overrides Run and RunAsync of the SDK's context passes the closure
// through here on its way to the SDK's own, with the options it goes there with.
func (inv *Invocation) WrapRun(
	fn func(ctx restate.RunContext) (any, error), opts ...restate.RunOption,
) func(ctx restate.RunContext) (any, error) {
	return func(ctx restate.RunContext) (any, error) {
		result, err := inv.execute(ctx, fn, opts)
		switch {
		case err == nil:
			return result, nil
		case ctx.Err() != nil:
			return nil, aborted(ctx, restate.IsTerminalError(err), err)
		}
		if err = inv.chain.mapError(err); !restate.IsTerminalError(err) {
			inv.noteRetry(err)
		}
		return nil, err
	}
}

// execute runs the closure inside of the step interceptors.
func (inv *Invocation) execute(
	ctx restate.RunContext, fn func(ctx restate.RunContext) (any, error), opts []restate.RunOption,
) (result any, err error) {
	step := &Step{inv: inv, fn: fn, opts: opts}
	returned := false
	defer step.flight.catch(inv, &returned, &err)
	result, err = inv.chain.steps(ctx, step)
	returned = true
	return result, err
}

// aroundStep puts a step interceptor around next.
func aroundStep(interceptor StepInterceptor, next StepNext) StepNext {
	return func(ctx restate.RunContext, step *Step) (result any, err error) {
		returned := false
		defer step.flight.catch(step.inv, &returned, &err)
		result, err = interceptor.InterceptStep(ctx, step, next)
		returned = true
		return result, err
	}
}

// runStep is what the step interceptors stand around.
func runStep(ctx restate.RunContext, step *Step) (result any, err error) {
	returned := false
	defer step.flight.catch(step.inv, &returned, &err)
	result, err = step.fn(ctx)
	returned = true
	return result, err
}
