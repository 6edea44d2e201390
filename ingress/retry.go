package ingress

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/fxrestate/go/internal/httpclient"
)

// maxRetryAfter is the longest Retry-After that is waited for.
const maxRetryAfter = time.Minute

// wait tells how long to wait after a number of failed attempts, the last with
// err, and whether another one makes sense.
func (r Retry) wait(attempts int, err error) (time.Duration, bool) {
	var after time.Duration
	var refused *Error
	var broken *ConnectionError
	switch {
	case errors.As(err, &refused):
		if !refused.repeatable() || refused.RetryAfter > maxRetryAfter {
			return 0, false
		}
		after = refused.RetryAfter
	case errors.As(err, &broken):
		if !broken.repeatable() {
			return 0, false
		}
	default:
		return 0, false
	}
	backoff := r.InitialInterval
	for range attempts - 1 {
		if backoff *= 2; backoff >= r.MaxInterval {
			break
		}
	}
	backoff = min(backoff, r.MaxInterval)
	// Half of it is jitter, so that callers who failed together do not come
	// back together.
	return after + backoff - rand.N(backoff/2+1), true
}

// repeatable tells whether the same request may succeed later, as far as the answer
// tells: the rule that Restate publishes for clients of its ingress. The result of an
// invocation does not change.
func (e *Error) repeatable() bool {
	if e.Source == SourceInvocation {
		return false
	}
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	default:
		return e.Status >= 500
	}
}

// repeatable tells whether the same request may succeed later: not when the
// caller gave up, nor when the other side's certificate was refused.
func (e *ConnectionError) repeatable() bool {
	var certificate *tls.CertificateVerificationError
	return httpclient.InDial(e.Err) || !errors.As(e.Err, &certificate) && !errors.Is(e.Err, errBodyTooLarge) &&
		!errors.Is(e.Err, context.Canceled) && !errors.Is(e.Err, context.DeadlineExceeded)
}

// sleep waits, and reports false when ctx ends or would end before.
func sleep(ctx context.Context, d time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= d {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// parseRetryAfter reads seconds or a date (RFC 9110, section 10.2.3). What is
// neither, or in the past, is zero.
func parseRetryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}
