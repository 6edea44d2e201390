// Package steptimeout has a step interceptor that limits the time of each step.
package steptimeout

import (
	"context"
	"fmt"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/safeerr"
	"github.com/fxrestate/go/pipeline"
)

// New returns a step interceptor that gives each execution of a restate.Run
// closure at most d: then the closure's context ends. d must be positive, else the
// start fails.
//
// The time counts for each closure by itself, and anew when it is retried; an
// attempt that runs three of them one after the other may take three times as
// long. What a handler does between its closures takes no time worth bounding, and
// durable waiting, such as sleeping or a call to another handler, is not bounded at
// all: race restate.After for that. How long an attempt as a whole may be silent is
// restate.WithInactivityTimeout's and restate.WithAbortTimeout's to say.
//
// A closure that returns because its context ended has an error that wraps
// [context.DeadlineExceeded] and names the step; it is retried like any other. A
// closure that does not heed its context goes on.
func New(d time.Duration) pipeline.StepInterceptor { return timeout(d) }

type timeout time.Duration

func (t timeout) String() string { return fmt.Sprintf("steptimeout.New(%s)", time.Duration(t)) }

// Check refuses a time in which nothing can be done.
func (t timeout) Check() error {
	if t > 0 {
		return nil
	}
	return fmt.Errorf("is %s, whose time must be positive", t)
}

func (t timeout) InterceptStep(ctx restate.RunContext, step *pipeline.Step, next pipeline.StepNext) (any, error) {
	bounded, cancel := context.WithTimeout(ctx, time.Duration(t))
	defer cancel()
	result, err := next(pipeline.WithContext(ctx, bounded), step)
	if err != nil && bounded.Err() != nil && ctx.Err() == nil && safeerr.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("steptimeout: step %q took longer than %s: %w", step.Name(), time.Duration(t), err)
	}
	return result, err
}
