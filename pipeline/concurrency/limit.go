// Package concurrency has a step interceptor that limits how many steps run at once.
package concurrency

import (
	"fmt"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/pipeline"
)

// Limit returns a step interceptor that bounds how many restate.Run closures of
// the same name run at once in this process: perName maps the names that
// restate.WithName gave to a number of at least one. Other closures run
// unbounded. A closure waits for its turn until its context ends, in no
// particular order. Where the same limiter is attached more than once, or to
// several services, the number is for all of them together.
func Limit(perName map[string]int) (pipeline.StepInterceptor, error) {
	l := make(limiter, len(perName))
	for name, n := range perName {
		if n < 1 {
			return nil, fmt.Errorf("concurrency: limit of step %q is %d, and must be at least 1", name, n)
		}
		l[name] = make(chan struct{}, n)
	}
	return l, nil
}

// limiter has a slot in the channel for each closure of the name that may run.
type limiter map[string]chan struct{}

func (limiter) String() string { return "concurrency.Limit" }

func (l limiter) InterceptStep(ctx restate.RunContext, step *pipeline.Step, next pipeline.StepNext) (any, error) {
	slots, ok := l[step.Name()]
	if !ok {
		return next(ctx, step)
	}
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
		return next(ctx, step)
	case <-ctx.Done():
		return nil, fmt.Errorf("concurrency: step %q waited for its turn: %w", step.Name(), ctx.Err())
	}
}
