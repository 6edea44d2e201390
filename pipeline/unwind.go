package pipeline

import (
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	growth "github.com/fxrestate/go/internal/gather/stack"
	"github.com/fxrestate/go/internal/safeerr"
	"github.com/fxrestate/go/internal/sdk"
)

// This file is the one place where what unwinds a goroutine is caught: a panic of
// user code, a panic of the SDK's (suspension above all), and runtime.Goexit. All
// user code of the pipeline runs inside of protect, and the attempt as a whole
// inside of finish.
//
//	code                             its error   its panic             the SDK's panic   runtime.Goexit
//	guards; encoding                 made safe   is the error          resumes           aborts
//	interceptors                     made safe   is the error          resumes           aborts
//	decoding, pipes, the handler     made safe   is the error          resumes           aborts
//	filters, mapping, dead letter    made safe   takes the error's     resumes           aborts
//	                                             place
//	call interceptors                made safe   is the handler's      resumes           aborts
//	step interceptors, closures,     made safe   is the error          resumes, and is   is the step's error
//	encoding of what they return                                       the step's error
//	filters, mapping of a step       made safe   takes the error's     the same          the same
//	                                             place
//	observers                                    is logged             resumes           aborts, is logged
//	methods String and Check         made safe   is what they say
//
// "Made safe" is done by package safeerr. "Is the error" means that the stages
// around see a *PanicError, of which observers are told. "Resumes" means that
// nobody can stop it: where user code recovered the panic, it is raised again
// behind that code, because the SDK takes no operation after it. "Aborts" is the
// outcome Aborted; observers are told a *PanicError here too.
//
// What remains is user code that recovers a panic of the SDK's by itself, with no
// stage in between. The SDK's context tells of those that end the attempt: see
// sdkPanicked.

// taker says what becomes of a panic of the user's.
type taker uint8

const (
	byStage    taker = iota // it is the error of the stage
	byHandler               // it goes on, to the stage of the handler
	byStep                  // as byStage; the SDK's panic is the error too
	byObserver              // it is the error, and no observer is told
)

// flight is what has happened on a goroutine that runs user code and cannot be
// undone.
type flight struct {
	sdk     atomic.Pointer[sdkPanic]
	refusal atomic.Pointer[sdkPanic] // of an operation after that
	exit    *PanicError              // runtime.Goexit
	warned  atomic.Bool              // that the SDK's panic was recovered
}

// note keeps what the SDK panicked with. The first counts: what comes later is the
// SDK's refusal to go on.
func (f *flight) note(value any) *sdkPanic {
	p := &sdkPanic{value: value}
	if !sdk.IsSuspension(value) {
		p.stack = stack()
	}
	if !f.sdk.CompareAndSwap(nil, p) {
		f.refusal.Store(p)
		return f.sdk.Load()
	}
	return p
}

// refused reports whether r is the SDK's refusal to go on.
func (f *flight) refused(r any) bool {
	p := f.refusal.Load()
	return p != nil && same(r, p.value)
}

// sdkPanicked is told what an operation of the SDK's panics with, on the way of that
// panic: from a deferred function of the operation. If it ends the attempt, as a
// suspension does, then it goes on behind whoever recovers it, and is the outcome.
func (inv *Invocation) sdkPanicked(value any) {
	if sdk.EndsAttempt(value) && sdk.Whose() == sdk.OfSDK {
		inv.flight.note(value)
	}
}

// protect runs user code. It returns its result and its error, made safe, or the
// error that became of its panic.
func (inv *Invocation) protect(f *flight, by taker, fn func() (any, error)) (result any, err error) {
	if by != byObserver {
		inv.resume(f)
	}
	returned := false
	defer inv.unwind(f, by, &returned, &err)
	if result, err = fn(); err != nil {
		err = safeerr.Of(err)
	}
	returned = true
	return result, err
}

// resume raises the SDK's panic again if user code recovered it.
func (inv *Invocation) resume(f *flight) {
	if p := f.sdk.Load(); p != nil {
		inv.warn(f, p)
		panic(p.value)
	}
}

// warn logs, once, that user code recovered the SDK's panic.
func (inv *Invocation) warn(f *flight, p *sdkPanic) {
	if f.warned.Swap(true) {
		return
	}
	inv.log(slog.LevelWarn, "pipeline: user code recovered a panic of the SDK's, which goes on behind it; do not recover it",
		"panic", safeerr.TextOf(p.value))
}

// sdkRecovered is told that user code recovered the panic that sdkPanicked was told
// of, and goes on with another operation, which raises it again.
func (inv *Invocation) sdkRecovered() {
	if p := inv.flight.sdk.Load(); p != nil {
		inv.warn(&inv.flight, p)
	}
}

// unwind is what protect defers.
func (inv *Invocation) unwind(f *flight, by taker, returned *bool, err *error) {
	if p := f.sdk.Load(); p != nil && by != byObserver {
		switch {
		case by == byStep:
			_ = recover() // apart knows
		case *returned:
			inv.resume(f)
		}
		// Else it is on its way, or a panic of the user's is in its place: finish
		// tells them apart.
		return
	}
	if *returned {
		return
	}
	origin := sdk.Whose()
	switch {
	case origin == sdk.OfGoexit:
		inv.vanish(f, by)
		return
	case origin == sdk.OfUser && by == byHandler:
		return
	}
	r := recover()
	if origin == sdk.OfSDK || sdk.IsValue(r) {
		f.note(r)
		if by == byStep {
			return
		}
		panic(r) // the stack of the first panic is still below this one
	}
	if c, ok := r.(*sdk.Cancelled); ok {
		*err = safeerr.Of(c.TerminalError)
		return
	}
	p := newPanicError(r)
	*err = p
	if by != byObserver {
		inv.notifyPanicked(f, p)
	}
}

// vanish notes that runtime.Goexit ends the goroutine.
func (inv *Invocation) vanish(f *flight, by taker) {
	if f.exit != nil {
		return
	}
	f.exit = newPanicError("runtime.Goexit was called")
	if by != byObserver {
		inv.notifyPanicked(f, f.exit)
	}
}

// notify lets an observer know something, on the goroutine of f. Its panic ends here.
func (inv *Invocation) notify(f *flight, o Observer, fn func()) {
	var failed error
	gone := f.exit != nil
	defer func() {
		p, ok := failed.(*PanicError)
		if f.exit != nil && !gone {
			p, ok = f.exit, true
		}
		if ok {
			inv.log(slog.LevelError, "pipeline: observer panicked", "observer", nameOf(o), "err", p.Error(), "stack", string(p.Stack))
		}
	}()
	_, failed = inv.protect(f, byObserver, func() (any, error) { fn(); return nil, nil })
}

// log writes a line about the invocation, which the SDK's logger names. The logger itself
// drops lines while the invocation replays.
func (inv *Invocation) log(level slog.Level, message string, attrs ...any) {
	line := slog.NewRecord(time.Now(), level, message, 0)
	line.Add(attrs...)
	_ = inv.root.Log().Handler().Handle(inv.root, line)
}

// apart runs user code of a step on a goroutine of its own: the SDK waits for its
// own goroutine for ever if runtime.Goexit ends that.
func (inv *Invocation) apart(f *flight, fn func() (any, error)) (result any, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		growth.Reserve() // while there is little to copy
		result, err = inv.protect(f, byStep, fn)
	}()
	<-done
	switch p := f.sdk.Load(); {
	case p != nil:
		return nil, p.failure()
	case f.exit != nil:
		return nil, f.exit
	default:
		return result, err
	}
}

// finish is deferred around the whole attempt. It is the one place that tells the
// outcome, whichever way the attempt ends.
func (inv *Invocation) finish(err *error) {
	var raise any
	if inv.outcome == 0 {
		raise = inv.unconcluded(recover(), err)
	}
	told := false
	defer func() {
		if !told && inv.flight.exit != nil { // an observer ended the goroutine
			panic(forSDK(inv.vanished(), nil))
		}
	}()
	inv.notifyEnded()
	told = true
	if raise != nil {
		panic(raise)
	}
}

// unconcluded settles the outcome of an attempt that r unwinds: what the SDK
// panicked with, or nil for runtime.Goexit. It returns what to panic with.
func (inv *Invocation) unconcluded(r any, err *error) (raise any) {
	p := inv.flight.sdk.Load()
	switch {
	case p != nil:
		// That one still has to arrive; what came in its place must not get lost.
		switch {
		case r == nil:
			inv.vanish(&inv.flight, byStage)
		case same(r, p.value):
		case inv.flight.refused(r), sdk.WhoseIsLast() == sdk.OfSDK:
			inv.warn(&inv.flight, p)
		default:
			inv.notifyPanicked(&inv.flight, newPanicError(r))
		}
		return p.forSDK(inv.interrupted(p))
	case r != nil: // by code that is not the user's
		failure := newPanicError(r)
		inv.notifyPanicked(&inv.flight, failure)
		*err = inv.conclude(failure)
		return nil
	default:
		inv.outcome, inv.err = Aborted, inv.vanished()
		// Restate hears why there is nothing more: this panic reaches the SDK, which
		// recovers it, and the goroutine goes on to end.
		return forSDK(inv.err, inv.flight.exit)
	}
}

// toSDK makes of the error of an attempt what the SDK is given: an error of plain
// values, with the text and with the terminal error that it wraps. The SDK is given a
// panic as one, and logs it so.
func toSDK(err error) error {
	if err == nil {
		return nil
	}
	if p, ok := err.(*PanicError); ok {
		panic(forSDK(p, p))
	}
	return safeerr.Logged(err) // by the SDK itself, when it is returned
}

// forSDK is what the SDK recovers for an error that came of a panic.
func forSDK(err error, of *PanicError) error {
	if of != nil && of.logged {
		return safeerr.Logged(err)
	}
	return safeerr.ForSDK(err)
}

// vanished is the error of an attempt whose goroutine ended.
func (inv *Invocation) vanished() error {
	return fmt.Errorf("%w: runtime.Goexit was called", ErrAborted)
}

// interrupted settles the outcome of an attempt that a panic of the SDK's ended. It
// returns the panic of a closure if that is the reason.
func (inv *Invocation) interrupted(p *sdkPanic) (of *PanicError) {
	failure := p.failure()
	of = inv.wishRetryOfSDK(p)
	switch {
	case inv.root.Err() != nil:
		inv.outcome, inv.err = Aborted, inv.orAborted(failure)
	case sdk.IsSuspension(p.value):
		inv.outcome = Suspended
	default:
		inv.outcome, inv.err = Retryable, failure
	}
	return of
}

// conclude settles the outcome of an attempt that returned err. It returns the
// error for Restate.
func (inv *Invocation) conclude(err error) error {
	switch {
	case inv.root.Err() != nil:
		inv.outcome, err = Aborted, inv.orAborted(err)
	case err == nil:
		inv.outcome = Completed
	case safeerr.Terminal(err) != nil:
		inv.outcome = Terminal
	default:
		inv.outcome = Retryable
	}
	inv.err = err
	return err
}
