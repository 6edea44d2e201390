package pipeline

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fxrestate/go/internal/safeerr"
)

// RetryAfter returns err with the wish that Restate tries again after d, instead
// of when its retry policy says. It returns nil when err is nil, and err itself when d
// is zero or negative: that is no wish, and the policy applies. The wish is without
// effect on a terminal error.
//
// Any error of a handler or a restate.Run closure with a method
//
//	RetryAfter() time.Duration
//
// somewhere in its chain expresses the same wish, if the method returns more than zero.
// The errors of HTTP clients return zero when the response had no such header.
func RetryAfter(err error, d time.Duration) error {
	if err == nil || d <= 0 {
		return err
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
// outermost that asks counts. A method that returns zero or less, or panics, asks for
// nothing.
func RetryDelay(err error) (delay time.Duration, ok bool) {
	_, ok = safeerr.AsThat(err, func(hint interface {
		error
		RetryAfter() time.Duration
	},
	) bool {
		_, read := safeerr.Read(func() string { delay = hint.RetryAfter(); return "" })
		return read && delay > 0
	})
	if !ok {
		return 0, false
	}
	return delay, true
}

// Pause returns err with the wish that Restate pauses the invocation instead of trying
// again: somebody has to look first. The invocation keeps its journal, and its callers
// wait. An operator reads the error's text with the invocation, and resumes it or ends it:
// in Restate's UI, with its command line, or with admin.Client.ResumeInvocation. It then
// goes on where it failed.
//
// Pause returns nil when err is nil. The wish is without effect on a terminal error and in
// an attempt that is aborted, and counts for more than [RetryAfter]. It counts for a handler
// and for a restate.Run closure alike; a closure whose retries are used up ends with a
// terminal error nevertheless.
func Pause(err error) error {
	if err == nil {
		return nil
	}
	return &pause{err}
}

type pause struct{ err error }

func (e *pause) Error() string { return e.err.Error() }
func (e *pause) Unwrap() error { return e.err }

// Pauses reports whether err asks for a pause with [Pause], itself or an error in its
// chain.
func Pauses(err error) bool {
	_, ok := safeerr.As[*pause](err)
	return ok
}

// RetryDelay returns the delay that the error asked for with which the attempt
// failed, be it the handler's or that of a restate.Run closure. Whoever writes the
// error to Restate asks for it then.
func (inv *Invocation) RetryDelay() (delay time.Duration, ok bool) {
	inv.retry.mu.Lock()
	defer inv.retry.mu.Unlock()
	return inv.retry.delay, inv.retry.asked
}

// Pauses reports whether the error asked for a pause with which the attempt failed, as
// for RetryDelay.
func (inv *Invocation) Pauses() bool {
	inv.retry.mu.Lock()
	defer inv.retry.mu.Unlock()
	return inv.retry.pause
}

// retryWish is what the error with which an attempt fails says about the next.
type retryWish struct {
	mu    sync.Mutex
	delay time.Duration
	asked bool // for the delay
	pause bool
	final bool // the attempt is over

	steps []failedStep // the last of those that may be why the attempt fails
	ended error        // that of the step that the attempt failed with
}

// failedStep is a closure's failure that is not terminal.
type failedStep struct {
	text string // by which it is known again, not empty
	err  error
}

// maxFailedSteps bounds those that an attempt keeps. There are several where closures run
// at the same time.
const maxFailedSteps = 16

// failedStep returns the error of the closure that the attempt failed with, or nil.
func (inv *Invocation) failedStep() error {
	inv.retry.mu.Lock()
	defer inv.retry.mu.Unlock()
	return inv.retry.ended
}

// wishRetry keeps what the error says that the attempt ends with.
func (inv *Invocation) wishRetry(err error) {
	inv.retry.mu.Lock()
	defer inv.retry.mu.Unlock()
	inv.wish(err)
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
	inv.wish(err)
	text := textOfStep(err)
	if text == "" || safeerr.Terminal(err) != nil { // the handler gets to see a terminal one
		return
	}
	if len(inv.retry.steps) == maxFailedSteps {
		inv.retry.steps = slices.Delete(inv.retry.steps, 0, 1)
	}
	inv.retry.steps = append(inv.retry.steps, failedStep{text, err})
}

// wishRetryOfSDK keeps what the failure of a closure said if that is what the SDK
// panicked with. It returns that failure if it is a panic.
func (inv *Invocation) wishRetryOfSDK(p *sdkPanic) *PanicError {
	inv.retry.mu.Lock()
	defer inv.retry.mu.Unlock()
	inv.retry.final = true
	inv.wish(nil)
	failed, ok := inv.retry.find(safeerr.TextOf(p.value))
	if !ok {
		return nil
	}
	inv.wish(failed.err)
	inv.retry.ended = failed.err
	panicked, _ := failed.err.(*PanicError)
	return panicked
}

// find returns the failure that a text of the SDK's repeats, the longest if it has several,
// and the last of equals.
func (w *retryWish) find(text string) (found failedStep, ok bool) {
	for _, f := range w.steps {
		if strings.Contains(text, f.text) && len(f.text) >= len(found.text) {
			found, ok = f, true
		}
	}
	return found, ok
}

// wish keeps what an error asks for. What comes of the end of the attempt's context is no
// reason to pause the invocation.
func (inv *Invocation) wish(err error) {
	w := &inv.retry
	w.delay, w.asked, w.pause = 0, false, false
	if err != nil && safeerr.Terminal(err) == nil {
		w.delay, w.asked = RetryDelay(err)
		w.pause = Pauses(err) && inv.root.Err() == nil
	}
}

// maxStepText bounds the text by which a closure's failure is known again: the text
// in which the SDK repeats it is bounded too, and has words of the SDK's before it.
const maxStepText = safeerr.MaxText / 4

// textOfStep is the beginning of what the SDK tells of the error of a closure.
func textOfStep(err error) string {
	text := safeerr.Text(err)
	if r := safeerr.Retryable(err); r != nil {
		text = r.Message()
	}
	if len(text) > maxStepText {
		text = strings.ToValidUTF8(text[:maxStepText], "")
	}
	return text
}
