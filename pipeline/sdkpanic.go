package pipeline

import (
	"errors"
	"reflect"
	"runtime"
	"strings"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/safeerr"
)

// sdkModule is the path of the SDK's module, stateMachine the package whose
// types nobody else can make values of, and thisPackage how the names of functions
// of this package begin.
const (
	sdkModule    = "github.com/restatedev/sdk-go"
	stateMachine = sdkModule + "/internal/statemachine"
	thisPackage  = "github.com/fxrestate/go/pipeline."
)

// The functions that every panic, and the end of a goroutine, go through.
const (
	gopanic = "runtime.gopanic"
	goexit  = "runtime.Goexit"
)

// origin is who unwinds a goroutine.
type origin uint8

const (
	ofUser origin = iota
	ofSDK
	ofGoexit
)

// whose tells who unwinds the goroutine. It is for deferred functions: these run on
// top of the stack that is unwound, so whoever called panic is still there to be
// seen. A panic's value alone does not tell, since the SDK also panics with strings,
// with context errors and with errors made by fmt.
//
// A panic inside the standard library is its caller's. Of several panics, each raised
// by a deferred function that ran because of the one before, it is enough that one is
// the SDK's. Below a function of this package, which was running when the panic was
// raised, nothing counts.
func whose() origin { return look(new(unwound)) }

// whoseIsLast is whose for the last of several panics alone.
func whoseIsLast() origin { return look(&unwound{last: true}) }

// look looks at the stack of the function that called its caller.
func look(w *unwound) origin {
	var pcs [64]uintptr
	for skip := 3; ; skip += len(pcs) {
		n := runtime.Callers(skip, pcs[:])
		frames := runtime.CallersFrames(pcs[:n])
		for more := n > 0; more; {
			var frame runtime.Frame
			frame, more = frames.Next()
			if w.done(frame) {
				return w.origin
			}
		}
		if n < len(pcs) {
			return ofUser
		}
	}
}

// unwound looks at the stack of a goroutine that is unwound, from the top.
type unwound struct {
	last      bool // panics before the last do not count
	std       standard
	panicked  bool // a panic was seen
	panicking bool // the functions since are the standard library's
	origin    origin
}

// done looks at the next frame, and reports whether the origin is known.
func (w *unwound) done(frame runtime.Frame) bool {
	switch {
	case frame.Function == gopanic:
		w.std.root = strings.TrimSuffix(frame.File, gopanicFile)
		w.panicking, w.panicked = true, true
	case !w.panicked:
		if frame.Function == goexit {
			w.origin = ofGoexit
			return true
		}
	case strings.HasPrefix(frame.Function, thisPackage):
		return true
	case !w.panicking:
	case inSDK(frame.Function):
		w.origin = ofSDK
		return true
	case !w.std.has(frame):
		w.panicking = false
		return w.last
	}
	return false
}

// inSDK reports whether a function or package path lies in the SDK's module.
func inSDK(path string) bool {
	rest, ok := strings.CutPrefix(path, sdkModule)
	return ok && (rest == "" || rest[0] == '/' || rest[0] == '.')
}

// isSDKValue reports whether a panic's value is of a type that only the SDK makes
// values of: so a user who recovers, and later panics again with what was there,
// still passes it on.
func isSDKValue(value any) bool { return value != nil && typeOf(value).PkgPath() == stateMachine }

// isSuspension reports whether a panic is the SDK's way to suspend.
func isSuspension(value any) bool {
	return isSDKValue(value) && typeOf(value).Name() == "SuspensionError"
}

// endsAttempt reports whether the SDK takes no further operation after it panicked
// with value: it suspended, or its state machine failed. After others, such as a
// value that does not encode, an attempt can go on.
func endsAttempt(value any) bool {
	if isSuspension(value) {
		return true
	}
	_, failed := value.(restate.RetryableError)
	return failed
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

// failure is the error of an attempt or a step that the SDK's panic ended.
func (p *sdkPanic) failure() error {
	err, ok := p.value.(error)
	if !ok {
		err = errors.New(safeerr.TextOf(p.value))
	}
	return &sdkError{error: safeerr.Of(err), stack: p.stack}
}

// forSDK is what the panic goes on with to the SDK, which writes its text to
// Restate. of is the panic of a closure that is the reason, or nil.
func (p *sdkPanic) forSDK(of *PanicError) any {
	if isSuspension(p.value) {
		return p.value
	}
	if err, ok := p.value.(error); ok {
		return forSDK(err, of)
	}
	return safeerr.TextOf(p.value)
}

// sdkError is a failure of the SDK's own.
type sdkError struct {
	error
	stack []byte
}

func (e *sdkError) Unwrap() error { return e.error }
