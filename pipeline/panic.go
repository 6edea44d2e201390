package pipeline

import (
	"runtime/debug"

	"github.com/fxrestate/go/internal/safeerr"
)

// PanicError is the error that a panic of user code becomes. Interceptors and
// filters see it like any error, and unless one of them or the error mapping
// decides otherwise the attempt is retried.
//
// It does not unwrap to the value, so that a program that panics with a terminal
// error does not end its invocation by it.
type PanicError struct {
	// Value is what the code panicked with.
	Value any
	// Stack is the stack of the goroutine when it panicked, as debug.Stack
	// formats it, cut after 16 KiB.
	Stack []byte

	logged bool
}

// Error returns the value's text, without the stack and cut after 4 KiB: what an
// error or fmt.Stringer says, a string, a number. Of other values it tells the type,
// since they may hold addresses.
func (e *PanicError) Error() string {
	return safeerr.Bound("panic: "+safeerr.TextOf(e.Value), safeerr.MaxText)
}

func newPanicError(value any) *PanicError { return &PanicError{Value: value, Stack: stack()} }

// stack returns the stack of the goroutine, bounded.
func stack() []byte { return []byte(safeerr.Bound(string(debug.Stack()), safeerr.MaxStack)) }
