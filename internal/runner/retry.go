package runner

import (
	"time"

	"github.com/fxrestate/go/internal/manifest"
)

// RetryPolicy says when an attempt that failed is followed by another one. What a service
// or a handler sets for itself replaces it, field by field.
type RetryPolicy struct {
	InitialInterval time.Duration // before the second attempt
	MaxInterval     time.Duration // the longest
	Factor          float64       // from one interval to the next
	MaxAttempts     int           // with the first one; 0: without end
	// Kill ends an invocation with its last failure when it has had MaxAttempts. Default:
	// false, it is paused.
	Kill bool
}

// DefaultRetryPolicy returns that of a server with default settings. The server shortens
// and lengthens intervals by chance, and the runner does not.
func DefaultRetryPolicy() RetryPolicy {
	return RetryPolicy{InitialInterval: 500 * time.Millisecond, MaxInterval: time.Minute, Factor: 2, MaxAttempts: 70}
}

// with returns the policy with what is set.
func (p RetryPolicy) with(o manifest.Options) RetryPolicy {
	p.InitialInterval = milliseconds(p.InitialInterval, o.RetryInitialInterval)
	p.MaxInterval = milliseconds(p.MaxInterval, o.RetryMaxInterval)
	p.Factor = last(p.Factor, o.RetryFactor)
	p.MaxAttempts = int(last(int64(p.MaxAttempts), o.RetryMaxAttempts))
	if o.RetryOnMaxAttempts != nil {
		p.Kill = *o.RetryOnMaxAttempts == "KILL"
	}
	return p
}

// retries counts the attempts that failed since the invocation was started or resumed.
type retries struct {
	failed   int
	interval time.Duration // the last
}

// next returns how long to wait after a failure, or false if there was the last attempt.
func (r *retries) next(p RetryPolicy) (time.Duration, bool) {
	r.failed++
	if p.MaxAttempts > 0 && r.failed >= p.MaxAttempts {
		return 0, false
	}
	if r.failed == 1 {
		r.interval = p.InitialInterval
	} else {
		// Beyond the largest duration a product is negative or no number.
		next := time.Duration(float64(r.interval) * p.Factor)
		if next < 0 || next > p.MaxInterval && p.MaxInterval > 0 {
			next = p.MaxInterval
		}
		r.interval = next
	}
	return r.interval, true
}
