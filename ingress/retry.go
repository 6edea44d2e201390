package ingress

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/fxrestate/go/internal/backoff"
	"github.com/fxrestate/go/internal/httpclient"
)

// maxRetryAfter is the longest Retry-After that is waited for.
const maxRetryAfter = time.Minute

// retryAfter reports whether to retry after err, and how long the server asks to wait.
func retryAfter(err error) (after time.Duration, ok bool) {
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
	return after, true
}

// repeatable reports whether the same request may succeed later, by the rule that Restate
// publishes for clients of its ingress. The result of an invocation does not change.
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

// repeatable reports whether the same request may succeed later: not when the caller gave
// up, nor when the server's certificate was rejected.
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
	return backoff.Sleep(ctx, d)
}

// parseRetryAfter reads seconds or a date (RFC 9110, section 10.2.3). Any other value,
// and a date in the past, is zero.
func parseRetryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}
