package pipeline

import (
	"errors"
	"time"
)

// RetryAfter returns err with the wish that Restate tries again after d, instead
// of when its retry policy says. It returns nil when err is nil. A negative d
// counts as zero. The wish is without effect on a terminal error.
//
// Any error of a handler or a restate.Run closure with a method
//
//	RetryAfter() time.Duration
//
// somewhere in its chain expresses the same wish.
func RetryAfter(err error, d time.Duration) error {
	if err == nil {
		return nil
	}
	return &retryAfter{err: err, delay: d}
}

type retryAfter struct {
	err   error
	delay time.Duration
}

func (e *retryAfter) Error() string             { return e.err.Error() }
func (e *retryAfter) Unwrap() error             { return e.err }
func (e *retryAfter) RetryAfter() time.Duration { return e.delay }

// RetryDelay returns the delay that err asks for with a method
// RetryAfter() time.Duration, its own or that of an error in its chain. The
// outermost counts.
func RetryDelay(err error) (delay time.Duration, ok bool) {
	var hint interface {
		error
		RetryAfter() time.Duration
	}
	if !errors.As(err, &hint) {
		return 0, false
	}
	return max(0, hint.RetryAfter()), true
}

// RetryDelay returns the delay that the error asked for with which the attempt
// failed, be it the handler's or that of a restate.Run closure. Whoever writes the
// error to Restate asks for it then.
func (inv *Invocation) RetryDelay() (delay time.Duration, ok bool) {
	if d := inv.retry.Load(); d != nil {
		return *d, true
	}
	return 0, false
}

// noteRetry keeps what the attempt's error says about the next attempt.
func (inv *Invocation) noteRetry(err error) {
	if d, ok := RetryDelay(err); ok {
		inv.retry.Store(&d)
	}
}
