package pipeline

import (
	"context"
	"fmt"
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

	reached int // how far into the interceptors the step is
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
		inv.running.Add(1)
		defer inv.running.Add(-1)
		step := &Step{inv: inv, fn: fn, opts: opts}
		result, err := inv.apart(&step.flight, func() (any, error) { return inv.chain.steps(ctx, step) })
		if err == nil {
			return result, nil // of something that has happened, even if the attempt is over
		}
		if inv.root.Err() == nil && len(inv.chain.mappings) > 0 {
			_, err = inv.apart(new(flight), func() (any, error) { return nil, inv.chain.mapError(err) })
		}
		err = inv.orAborted(err)
		inv.wishRetryOfStep(err)
		return nil, err
	}
}

// RunningSteps returns how many restate.Run closures of the attempt run now.
func (inv *Invocation) RunningSteps() int { return int(inv.running.Load()) }

// apart runs user code of a step on a goroutine of its own: the SDK waits for its
// own goroutine for ever if runtime.Goexit ends that.
func (inv *Invocation) apart(f *flight, fn func() (any, error)) (result any, err error) {
	var sdk any // what the SDK panicked with
	done := make(chan struct{})
	go func() {
		returned := false
		defer close(done)
		defer func() {
			if returned {
				return
			}
			if sdk = recover(); sdk == nil {
				p := newPanicError("runtime.Goexit was called in a restate.Run closure")
				result, err = nil, p
				inv.tellPanicked(p)
			}
		}()
		result, err = inv.caught(f, fn)
		returned = true
	}()
	<-done
	if sdk != nil {
		panic(sdk)
	}
	return result, err
}

// caught runs fn and makes an error of a panic of the user's.
func (inv *Invocation) caught(f *flight, fn func() (any, error)) (result any, err error) {
	returned := false
	defer f.catch(inv, &returned, &err)
	result, err = fn()
	returned = true
	return result, err
}

// aroundStep puts a step interceptor around next. index is its place, from the
// outside in, counted from one.
func aroundStep(interceptor StepInterceptor, index int, next StepNext) StepNext {
	return func(ctx restate.RunContext, step *Step) (any, error) {
		if err := step.enter(index); err != nil {
			return nil, err
		}
		return step.inv.caught(&step.flight, func() (any, error) { return interceptor.InterceptStep(ctx, step, next) })
	}
}

// runStep returns what the step interceptors stand around. index is its place.
func runStep(index int) StepNext {
	return func(ctx restate.RunContext, step *Step) (any, error) {
		if err := step.enter(index); err != nil {
			return nil, err
		}
		return step.inv.caught(&step.flight, func() (any, error) { return step.fn(ctx) })
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
