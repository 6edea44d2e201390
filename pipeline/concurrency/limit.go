// Package concurrency has a step interceptor that limits how many steps run at once.
package concurrency

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/pipeline"
)

// Limit returns a step interceptor that bounds how many steps of the same name run at
// once in this process. perName maps names, as restate.WithName and durable.NewStep give
// them, to a number of at least 1; another number is an error of fx.New. Steps of other
// names run unbounded. A step waits for its turn until its context ends, in no particular
// order. Where the same limiter is attached more than once, or to several services, the
// number is for all of them together.
func Limit(perName map[string]int) *Limiter {
	l := &Limiter{slots: make(map[string]chan struct{}, len(perName))}
	for _, name := range slices.Sorted(maps.Keys(perName)) {
		n := perName[name]
		if n < 1 {
			l.err = errors.Join(l.err, fmt.Errorf("limits step %q to %d; the least is 1", name, n))
			continue
		}
		l.slots[name] = make(chan struct{}, n)
	}
	return l
}

// Limiter is the step interceptor of [Limit].
type Limiter struct {
	slots map[string]chan struct{} // by name: a slot for each step that may run
	err   error
}

// Check reports numbers below 1.
func (l *Limiter) Check() error { return l.err }

// String names the limiter in the text of a chain.
func (*Limiter) String() string { return "concurrency.Limit" }

// InterceptStep implements [pipeline.StepInterceptor].
func (l *Limiter) InterceptStep(ctx restate.RunContext, step *pipeline.Step, next pipeline.StepNext) (any, error) {
	slots, ok := l.slots[step.Name()]
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
