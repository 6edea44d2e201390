package pipeline

import (
	"fmt"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"

	restate "github.com/restatedev/sdk-go"
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
	// formats it.
	Stack []byte
}

// Error returns the value's text, without the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

func newPanicError(value any) *PanicError {
	return &PanicError{Value: value, Stack: debug.Stack()}
}

// flight remembers a panic of the SDK's on its way out of a goroutine.
type flight struct {
	passing bool
	value   any
}

// catch is deferred around every call of user code. *returned tells whether the
// call returned; a panic of the user's becomes *err, and with a nil err it is left
// alone.
//
// What the SDK panics with, suspension above all, is its control flow and passes
// untouched. The first catch to see it remembers it, and the ones around that one
// do nothing, unless user code between them recovered it: then it goes on its way
// again, because the SDK's state machine behind it is closed already.
func (f *flight) catch(inv *Invocation, returned *bool, err *error) {
	if f.passing {
		if *returned {
			panic(f.value)
		}
		return
	}
	if *returned {
		return
	}
	sdk := sdkPanicking("")
	if err == nil && !sdk {
		return
	}
	r := recover()
	if r == nil {
		return // runtime.Goexit, which cannot be stopped
	}
	if sdk || isSDKValue(r) {
		f.passing, f.value = true, r
		panic(r) // the stack of the first panic is still below this one
	}
	p := newPanicError(r)
	inv.tellPanicked(p)
	*err = inv.orAborted(p)
}

// sdkModule is the path of the SDK's module, and thisPackage how the names of
// functions of this package begin.
const (
	sdkModule   = "github.com/restatedev/sdk-go"
	thisPackage = "github.com/fxrestate/go/pipeline."
)

// sdkPanicking reports whether the SDK raised one of the panics that unwind the
// goroutine. It is for deferred functions: these run on top of the stack that
// panicked, so whoever called panic is still there to be seen. The value alone
// does not tell, since the SDK also panics with strings, with context errors and
// with errors made by fmt.
//
// A panic inside the standard library is its caller's. Below a function whose name
// begins with end, if that is not empty, nothing counts.
func sdkPanicking(end string) bool {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	var std standard
	panicking, panicked := false, false
	for {
		frame, more := frames.Next()
		switch {
		case frame.Function == gopanic:
			std.root = strings.TrimSuffix(frame.File, gopanicFile)
			panicking, panicked = true, true
		case panicked && end != "" && strings.HasPrefix(frame.Function, end):
			return false
		case !panicking:
		case inSDK(frame.Function):
			return true
		case !std.has(frame):
			panicking = false
		}
		if !more {
			return false
		}
	}
}

// inSDK reports whether a function or package path lies in the SDK's module.
func inSDK(path string) bool {
	rest, ok := strings.CutPrefix(path, sdkModule)
	return ok && (rest == "" || rest[0] == '/' || rest[0] == '.')
}

// isSDKValue reports whether a panic's value is of a type of the SDK's that only
// the SDK makes values of: so a user who recovers, and later panics again with
// what was there, still passes it on.
func isSDKValue(value any) bool {
	switch value.(type) {
	case restate.TerminalError, restate.RetryableError:
		return false
	}
	return inSDK(typeOf(value).PkgPath())
}

// isSuspension reports whether a panic is the SDK's way to suspend.
func isSuspension(value any) bool {
	t := typeOf(value)
	return inSDK(t.PkgPath()) && t.Name() == "SuspensionError"
}

// typeOf returns the type of a value or of what it points to.
func typeOf(value any) reflect.Type {
	t := reflect.TypeOf(value)
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// same reports whether two panics have the same value.
func same(a, b any) bool {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	return x.Type() == y.Type() && (!x.Comparable() || x.Equal(y))
}
