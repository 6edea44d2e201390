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

// The defaults of [Retry], which are those of the SDK.
const (
	defaultInitialInterval = 50 * time.Millisecond
	defaultFactor          = 2
	defaultMaxInterval     = 2 * time.Second
)

// Retry is how a [Step] is retried if its function returns a plain error. After the last
// retry the step fails with a terminal error that has the text of the last error.
//
// The zero value retries the step with its invocation, by the retry policy of the
// service, as restate.Run does. Each retry is an attempt of the invocation: what stands
// before the step is replayed.
type Retry struct {
	// MaxAttempts is how often the function runs, including the first time. Default: 0,
	// no limit.
	MaxAttempts int
	// MaxDuration is how long after the first run the function may run again. Default:
	// 0, no limit.
	MaxDuration time.Duration
	// InitialInterval is the interval before the first retry. Default: 50 ms, or
	// MaxInterval if that is shorter.
	InitialInterval time.Duration
	// Factor multiplies the interval before each further retry. It is at least 1.
	// Default: 2.
	Factor float64
	// MaxInterval limits the interval. It is at least InitialInterval. Default: 2 s,
	// or InitialInterval if that is longer.
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
	if r.MaxAttempts < 0 || int64(r.MaxAttempts) > math.MaxUint32 {
		bad("MaxAttempts", r.MaxAttempts, "it must be between 1 and 4294967295, or 0 for no limit")
	}
	if r.MaxDuration < 0 {
		bad("MaxDuration", r.MaxDuration, "it must be positive, or 0 for no limit")
	}
	if r.InitialInterval < 0 {
		bad("InitialInterval", r.InitialInterval, "it must not be negative")
	}
	if r.Factor != 0 && !(r.Factor >= 1 && r.Factor <= math.MaxFloat32) {
		bad("Factor", r.Factor, "it must be between 1 and the largest float32, or 0 for the default")
	}
	if r.MaxInterval < 0 {
		bad("MaxInterval", r.MaxInterval, "it must not be negative")
	} else if r.MaxInterval != 0 && r.MaxInterval < r.InitialInterval {
		bad("MaxInterval", r.MaxInterval, fmt.Sprintf("it must be at least InitialInterval, which is %v", r.InitialInterval))
	}
	return errors.Join(errs...)
}

// options are the retry as options of the SDK. None: the invocation's policy.
func (r Retry) options() []restate.RunOption {
	if r == (Retry{}) {
		return nil
	}
	longest := cmp.Or(r.MaxInterval, max(r.InitialInterval, defaultMaxInterval))
	opts := []restate.RunOption{
		restate.WithInitialRetryInterval(cmp.Or(r.InitialInterval, min(defaultInitialInterval, longest))),
		restate.WithRetryIntervalFactor(float32(cmp.Or(r.Factor, defaultFactor))),
		restate.WithMaxRetryInterval(longest),
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

// WithStepRetry returns a context with a default [Retry]: it applies to steps that are run
// with the context and declared without a Retry. fxrestate.Config.Steps sets it for all
// handlers. An interceptor can set it for some:
//
//	ctx = restate.WrapContext(ctx, durable.WithStepRetry(ctx, durable.Retry{MaxAttempts: 3}))
//
// It does not apply to restate.Run and to [Compensations.Step].
func WithStepRetry(ctx context.Context, r Retry) context.Context {
	return context.WithValue(ctx, retryKey{}, r)
}
