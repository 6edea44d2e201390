package durable

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	restate "github.com/restatedev/sdk-go"
)

// The intervals of a [Retry] unless it says otherwise, those of the SDK.
const (
	DefaultInitial     = 50 * time.Millisecond
	DefaultFactor      = 2
	DefaultMaxInterval = 2 * time.Second
)

// Retry says how a [Step] whose function fails with a plain error is repeated. When it
// gives up, the step fails with a terminal error that has the text of the last one.
//
// The zero value repeats the step as the invocation is repeated, by the retry policy of
// its service, which restate.Run does too. Each execution is an attempt of the
// invocation: what stands before the step is replayed.
type Retry struct {
	// MaxAttempts is how often the function runs, the first time included. Default: 0,
	// without a limit.
	MaxAttempts int
	// MaxDuration is how long after the first execution the function may run again.
	// Default: 0, without a limit.
	MaxDuration time.Duration
	// Initial is the time before the second execution. Default: DefaultInitial.
	Initial time.Duration
	// Factor is what the time grows by before each further one, at least 1. Default:
	// DefaultFactor.
	Factor float64
	// MaxInterval is what the time does not grow beyond, at least Initial. Default:
	// DefaultMaxInterval, or Initial if that is longer.
	MaxInterval time.Duration
}

// Validate reports all fields out of their bounds.
func (r Retry) Validate() error { return r.check("durable: ") }

// check is Validate with another prefix.
func (r Retry) check(prefix string) error {
	var errs []error
	bad := func(field string, value any, bound string) {
		errs = append(errs, fmt.Errorf("%sRetry.%s is %v: %s", prefix, field, value, bound))
	}
	if r.MaxAttempts < 0 || r.MaxAttempts > math.MaxUint32 {
		bad("MaxAttempts", r.MaxAttempts, "it must be between 1 and 4294967295, or 0 for no limit")
	}
	if r.MaxDuration < 0 {
		bad("MaxDuration", r.MaxDuration, "it must be positive, or 0 for no limit")
	}
	if r.Initial < 0 {
		bad("Initial", r.Initial, "it must not be negative")
	}
	if r.Factor != 0 && !(r.Factor >= 1 && r.Factor <= math.MaxFloat32) {
		bad("Factor", r.Factor, "it must be at least 1, or 0 for the default")
	}
	if r.MaxInterval < 0 {
		bad("MaxInterval", r.MaxInterval, "it must not be negative")
	} else if r.MaxInterval != 0 && r.MaxInterval < r.Initial {
		bad("MaxInterval", r.MaxInterval, fmt.Sprintf("it must be at least Initial, which is %v", r.Initial))
	}
	return errors.Join(errs...)
}

// options are the retry as options of the SDK. None: the invocation's policy.
func (r Retry) options() []restate.RunOption {
	if r == (Retry{}) {
		return nil
	}
	opts := []restate.RunOption{
		restate.WithInitialRetryInterval(cmp.Or(r.Initial, DefaultInitial)),
		restate.WithRetryIntervalFactor(float32(cmp.Or(r.Factor, DefaultFactor))),
		restate.WithMaxRetryInterval(cmp.Or(r.MaxInterval, max(r.Initial, DefaultMaxInterval))),
	}
	if r.MaxAttempts > 0 {
		opts = append(opts, restate.WithMaxRetryAttempts(uint(r.MaxAttempts)))
	}
	if r.MaxDuration > 0 {
		opts = append(opts, restate.WithMaxRetryDuration(r.MaxDuration))
	}
	return opts
}

// apply implements StepOption.
func (r Retry) apply(s *stepSettings) { s.retries = append(s.retries, r) }

// retryKey finds the default of [WithStepRetry].
type retryKey struct{}

// WithStepRetry returns ctx with the [Retry] of all steps below that were declared
// without one. fxrestate.Config.Steps does it for all handlers. An interceptor does it
// for its own:
//
//	ctx = restate.WrapContext(ctx, durable.WithStepRetry(ctx, durable.Retry{MaxAttempts: 3}))
//
// Only steps declared with [NewStep] take it. restate.Run and the steps of
// [Compensations] do not.
func WithStepRetry(ctx context.Context, r Retry) context.Context {
	return context.WithValue(ctx, retryKey{}, r)
}
