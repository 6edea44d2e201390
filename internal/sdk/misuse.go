package sdk

import (
	"errors"
	"fmt"
	"log/slog"

	restate "github.com/restatedev/sdk-go"
)

var (
	// ErrInsideRun is wrapped by the error of an operation that began while a
	// restate.Run was under way, or in the closure of another step, where it would
	// corrupt the journal.
	ErrInsideRun = errors.New("durable operations cannot be used inside restate.Run; do them before or after it")
	// ErrReturned is wrapped by the error of an operation with the ctx of a handler
	// whose attempt is over.
	ErrReturned = errors.New("the ctx of a handler that has returned cannot be used; " +
		"wait for whatever uses it before the handler returns, and send to another handler what is to go on afterwards")
	// ErrConcurrentUse is wrapped by the error of an operation that began while
	// another one of the same attempt was under way.
	ErrConcurrentUse = errors.New("two goroutines used the ctx of a handler at once; " +
		"use it on the handler's own goroutine alone, and restate.RunAsync or rpc.Start for what goes on at the same time")
)

// Misuse is the error of an operation that did not reach the SDK. It wraps
// [ErrReturned] or [ErrConcurrentUse].
type Misuse struct {
	text  string
	cause []error
}

func (m *Misuse) Error() string { return m.text }

// Unwrap returns the sentinels.
func (m *Misuse) Unwrap() []error { return m.cause }

// The kinds of misuse, as bits of gate.told.
const (
	toldReturned uint32 = 1 << iota
	toldConcurrent
)

// refuse makes the error of an operation that may not begin, and logs the first of
// its kind in an attempt: the error may get lost on a goroutine that nobody watches.
func (a *Attempt) refuse(o operation) *Misuse {
	state := a.gate.state.Load()
	if state&stateMask >= closing {
		return a.misuse(toldReturned, fmt.Sprintf("%s after the end of %s", o, a.name()), ErrReturned)
	}
	switch other := inside(state); {
	case other == opRun:
		return a.misuse(toldConcurrent, fmt.Sprintf("%s while a restate.Run of %s is under way", o, a.name()), ErrInsideRun, ErrConcurrentUse)
	case a.inStep():
		return a.misuse(toldConcurrent, fmt.Sprintf("%s in the closure of a step of %s", o, a.name()), ErrInsideRun, ErrConcurrentUse)
	default: // opNone: it has left since
		return a.misuse(toldConcurrent, fmt.Sprintf("%s while %s of %s is under way", o, other, a.name()), ErrConcurrentUse)
	}
}

// Refuse returns the error of looking for the context of an attempt that is over.
func (a *Attempt) Refuse() error { return a.refuse(opFind) }

// strayed makes the error of an operation on a goroutine of its own in an attempt that
// was suspended or cancelled.
func (a *Attempt) strayed(o operation) *Misuse {
	return a.misuse(toldConcurrent, fmt.Sprintf("%s of %s on another goroutine than the handler's, which ends with the attempt", o, a.name()), ErrConcurrentUse)
}

// foreign makes the error of waiting for a future of another attempt.
func (a *Attempt) foreign(other *Attempt) *Misuse {
	if other.Over() {
		return a.misuse(toldReturned, fmt.Sprintf("restate.Wait in %s for a future of %s, whose attempt is over", a.name(), other.name()), ErrReturned)
	}
	return a.misuse(toldConcurrent, fmt.Sprintf("restate.Wait in %s for a future of %s", a.name(), other.name()), ErrConcurrentUse)
}

func (a *Attempt) name() string {
	return fmt.Sprintf("%s (%s)", a.owner, a.sdk.Request().ID)
}

func (a *Attempt) misuse(kind uint32, what string, causes ...error) *Misuse {
	m := &Misuse{text: fmt.Sprintf("durable: %s: %v", what, causes[0]), cause: causes}
	a.tell(m)
	if a.gate.told.Or(kind)&kind == 0 {
		a.log("the ctx of a handler was misused", slog.String("err", m.text))
	}
	return m
}

// failure is the misuse as the result of one of the SDK's functions, whose only
// errors are terminal ones. A handler must not end its invocation by a mistake of
// the program, nor go on without a result: there it is a panic, after which the
// invocation is retried. A goroutine that outlived its handler gets the error, since
// its panic would end the process.
func (m *Misuse) failure() restate.TerminalError {
	if !errors.Is(m, ErrReturned) || handling() {
		panic(m)
	}
	return &overdue{TerminalError: restate.ToTerminalError(m), misuse: m}
}

// overdue is a misuse where the SDK wants a terminal error.
type overdue struct {
	restate.TerminalError
	misuse *Misuse
}

func (o *overdue) Unwrap() error { return o.misuse }

// Rescue is deferred by functions of ours that return an error: a misuse, be it a
// panic or what the SDK's function returned, becomes *err, and so does a [Cancelled].
// Other panics go on.
func Rescue(err *error) {
	switch r := recover().(type) {
	case nil:
	case *Misuse:
		*err = r
		return
	case *Cancelled:
		*err = r.TerminalError
		return
	default:
		panic(r)
	}
	if o, ok := (*err).(*overdue); ok {
		*err = o.misuse
	}
}
