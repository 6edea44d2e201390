package pipeline

import (
	"errors"
	"strings"
	"sync"
	"time"

	restate "github.com/restatedev/sdk-go"
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
	inv.retry.mu.Lock()
	defer inv.retry.mu.Unlock()
	return inv.retry.delay, inv.retry.asked
}

// retryWish is what the error with which an attempt fails says about the next.
type retryWish struct {
	mu    sync.Mutex
	delay time.Duration
	asked bool   // for the delay
	step  string // the text of the closure's error that asked
	final bool   // the attempt is over
}

// wishRetry keeps what the error says that the attempt ends with.
func (inv *Invocation) wishRetry(err error) {
	inv.retry.mu.Lock()
	defer inv.retry.mu.Unlock()
	inv.retry.set(err)
	inv.retry.final = true
}

// wishRetryOfStep keeps what the error of a closure says. If the attempt fails
// with it the handler does not get to see it.
func (inv *Invocation) wishRetryOfStep(err error) {
	inv.retry.mu.Lock()
	defer inv.retry.mu.Unlock()
	if inv.retry.final {
		return // the closure outlived its attempt
	}
	inv.retry.set(err)
	inv.retry.step = textOfStep(err)
}

// wishRetryOfSDK keeps what the last failure of a closure said if that is what the
// SDK panicked with.
func (inv *Invocation) wishRetryOfSDK(value error) {
	inv.retry.mu.Lock()
	defer inv.retry.mu.Unlock()
	inv.retry.final = true
	if inv.retry.asked && !strings.Contains(value.Error(), inv.retry.step) {
		inv.retry.delay, inv.retry.asked = 0, false
	}
}

func (w *retryWish) set(err error) {
	w.delay, w.asked = 0, false
	if !restate.IsTerminalError(err) {
		w.delay, w.asked = RetryDelay(err)
	}
}

// textOfStep is what the SDK tells of the error of a closure.
func textOfStep(err error) string {
	text := err.Error()
	if r := restate.AsRetryableError(err); r != nil {
		text = r.Message()
	}
	return strings.ToValidUTF8(text, "\uFFFD") // as the scope does
}
