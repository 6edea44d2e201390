package sdk

import (
	"reflect"
	"runtime"
	"strings"

	restate "github.com/restatedev/sdk-go"
)

const (
	// sdkModule is the path of the SDK's module.
	sdkModule = "github.com/restatedev/sdk-go"
	// stateMachine is the package whose types nobody else can make values of.
	stateMachine = sdkModule + "/internal/statemachine"
	// invokeFunction is what handlers and steps run below, and what catches panics.
	invokeFunction = sdkModule + "/internal/restatecontext.invoke"
	// pipelinePackage begins the names of the functions of package pipeline, of which
	// the same is true.
	pipelinePackage = "github.com/fxrestate/go/pipeline."
	// runStepFunction is what the closures of steps run below.
	runStepFunction = "github.com/fxrestate/go/internal/sdk.runStep"
)

// The functions that every panic, and the end of a goroutine, go through.
const (
	gopanic = "runtime.gopanic"
	goexit  = "runtime.Goexit"
)

// Origin is who unwinds a goroutine.
type Origin uint8

// The origins.
const (
	// OfUser is a panic of user code.
	OfUser Origin = iota
	// OfSDK is a panic of the SDK's.
	OfSDK
	// OfGoexit is runtime.Goexit.
	OfGoexit
)

// Whose tells who unwinds the goroutine. It is for deferred functions: these run on
// top of the stack that is unwound, so whoever called panic is still there to be
// seen. A panic's value alone does not tell, since the SDK also panics with strings,
// with context errors and with errors made by fmt.
//
// A panic inside the standard library is its caller's. Of several panics, each raised
// by a deferred function that ran because of the one before, it is enough that one is
// the SDK's. Below a function of package pipeline, which was running when the panic was
// raised, nothing counts.
func Whose() Origin { return look(new(unwound)) }

// WhoseIsLast is [Whose] for the last of several panics alone.
func WhoseIsLast() Origin { return look(&unwound{last: true}) }

// look looks at the stack of the function that called its caller.
func look(w *unwound) Origin {
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
			return OfUser
		}
	}
}

// unwound looks at the stack of a goroutine that is unwound, from the top.
type unwound struct {
	last      bool // panics before the last do not count
	std       standard
	panicked  bool // a panic was seen
	panicking bool // the functions since are the standard library's
	origin    Origin
}

// done looks at the next frame, and reports whether the origin is known.
func (w *unwound) done(frame runtime.Frame) bool {
	switch {
	case frame.Function == gopanic:
		w.std.root = strings.TrimSuffix(frame.File, gopanicFile)
		w.panicking, w.panicked = true, true
	case !w.panicked:
		if frame.Function == goexit {
			w.origin = OfGoexit
			return true
		}
	case strings.HasPrefix(frame.Function, pipelinePackage):
		return true
	case !w.panicking:
	case inSDK(frame.Function):
		w.origin = OfSDK
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

// IsValue reports whether a panic's value is of a type that only the SDK makes
// values of: so a user who recovers, and later panics again with what was there,
// still passes it on.
func IsValue(value any) bool { return value != nil && typeOf(value).PkgPath() == stateMachine }

// IsSuspension reports whether a panic is the SDK's way to suspend.
func IsSuspension(value any) bool {
	return IsValue(value) && typeOf(value).Name() == "SuspensionError"
}

// EndsAttempt reports whether the SDK takes no further operation after it panicked
// with value: it suspended, or its state machine failed. After others, such as a
// value that does not encode, an attempt can go on.
func EndsAttempt(value any) bool {
	if IsSuspension(value) {
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

// handling reports whether the goroutine runs a handler or a step, of whatever
// attempt.
func handling() bool {
	return below(func(function string) bool {
		return function == invokeFunction || strings.HasPrefix(function, pipelinePackage)
	})
}

// runStep runs the closure of a step. inStep finds its name on the stack.
func runStep(closure func(restate.RunContext) (any, error), rc restate.RunContext) (any, error) {
	return closure(rc)
}

// inStep reports whether the goroutine runs the closure of a step. Only the stack tells,
// because the closure may use the ctx of the handler instead of its own.
func (a *Attempt) inStep() bool {
	return a.steps.Load() > 0 && below(func(function string) bool { return function == runStepFunction })
}

// below reports whether a function with such a name is on the stack of the goroutine.
//
// It reads the stack in pieces, each larger than the one before: what is looked for is
// mostly near the top.
func below(named func(function string) bool) bool {
	pcs := make([]uintptr, 32)
	for skip := 3; ; { // runtime.Callers, this function and what calls it
		n := runtime.Callers(skip, pcs)
		for frames, more := runtime.CallersFrames(pcs[:n]), n > 0; more; {
			var frame runtime.Frame
			if frame, more = frames.Next(); named(frame.Function) {
				return true
			}
		}
		if n < len(pcs) {
			return false
		}
		skip += n
		pcs = make([]uintptr, 4*n)
	}
}
