package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	restate "github.com/restatedev/sdk-go"
)

// Timeout returns a step interceptor that gives each execution of a restate.Run
// closure at most d: then the closure's context ends. Durable waiting, such as
// sleeping or a call to another handler, is not bounded by it.
//
// A closure that returns because its context ended has an error that wraps
// [context.DeadlineExceeded] and names the step; it is retried like any other. A
// closure that does not heed its context goes on.
func Timeout(d time.Duration) StepInterceptor { return timeout(d) }

type timeout time.Duration

func (t timeout) String() string { return fmt.Sprintf("pipeline.Timeout(%s)", time.Duration(t)) }

func (t timeout) InterceptStep(ctx restate.RunContext, step *Step, next StepNext) (any, error) {
	bounded, cancel := context.WithTimeout(ctx, time.Duration(t))
	defer cancel()
	result, err := next(WithContext(ctx, bounded), step)
	if err != nil && errors.Is(err, context.DeadlineExceeded) && bounded.Err() != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("pipeline: step %q took longer than %s: %w", step.Name(), time.Duration(t), err)
	}
	return result, err
}
