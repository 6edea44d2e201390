// Package fault injects faults: it fails attempts and steps at random, to show in a
// staging environment that handlers can be retried at any point.
package fault

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/pipeline"
)

// ErrInjected is wrapped by the errors that [Injector] makes.
var ErrInjected = errors.New("fault: failed at random, as configured")

// Injector fails attempts at random, to show in a staging environment that
// handlers can be retried at any point. It is an [pipeline.Interceptor] and a
// [pipeline.StepInterceptor]: as the former it fails before the handler or after it, as
// the latter before the side effect or, worse, after it. What it makes is an
// error that is retried, never a terminal one.
//
// The zero value does nothing.
type Injector struct {
	// Rate is the share of attempts, and of executed closures, that fail: from
	// 0, none, to 1, all, which never completes. Any other fails the start.
	Rate float64
	// Seed of the random numbers. The same seed and the same order of attempts
	// fail in the same places.
	Seed uint64

	mu     sync.Mutex
	random *rand.Rand
}

// Check refuses a rate that is no share.
func (r *Injector) Check() error {
	if r.Rate >= 0 && r.Rate <= 1 {
		return nil
	}
	return fmt.Errorf("is a fault.Injector with the rate %v, which must be from 0 to 1", r.Rate)
}

// Intercept fails some attempts.
func (r *Injector) Intercept(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
	before, after := r.draw()
	if before {
		return nil, fmt.Errorf("%w, before %s", ErrInjected, inv)
	}
	result, err := next(ctx, inv)
	if err == nil && after {
		return nil, fmt.Errorf("%w, after %s", ErrInjected, inv)
	}
	return result, err
}

// InterceptStep fails some closures.
func (r *Injector) InterceptStep(ctx restate.RunContext, step *pipeline.Step, next pipeline.StepNext) (any, error) {
	before, after := r.draw()
	if before {
		return nil, fmt.Errorf("%w, before step %q", ErrInjected, step.Name())
	}
	result, err := next(ctx, step)
	if err == nil && after {
		return nil, fmt.Errorf("%w, after step %q", ErrInjected, step.Name())
	}
	return result, err
}

// draw decides whether to fail, and if so on which side.
func (r *Injector) draw() (before, after bool) {
	if r.Rate <= 0 {
		return false, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.random == nil {
		r.random = rand.New(rand.NewPCG(r.Seed, r.Seed))
	}
	if r.random.Float64() >= r.Rate {
		return false, false
	}
	before = r.random.IntN(2) == 0
	return before, !before
}
