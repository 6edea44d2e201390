package scope

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	restate "github.com/restatedev/sdk-go"
)

var (
	// ErrReturned is wrapped by the error of an operation with the ctx of a handler
	// whose attempt is over.
	ErrReturned = errors.New("the ctx of a handler that has returned cannot be used; " +
		"wait for whatever uses it before the handler returns, and send to another handler what is to go on afterwards")
	// ErrConcurrentUse is wrapped by the error of an operation that began while
	// another one of the same attempt was under way.
	ErrConcurrentUse = errors.New("two goroutines used the ctx of a handler at once; " +
		"use it on the handler's own goroutine alone, and restate.RunAsync or rpc.Start for what goes on at the same time")
)

// gate lets one goroutine at a time reach the SDK's context of an attempt, and none
// once the attempt is over. The SDK pools its state machines: after that, the one
// behind the context belongs to another invocation. Whoever entered leaves before
// the gate closes, so nobody is inside when the SDK takes the state machine back.
type gate struct {
	state atomic.Uint32 // one of the states, and above it the operation inside
	told  atomic.Uint32 // the kinds of misuse that were logged
	left  chan struct{} // closed by the operation that leaves a closing gate

	// suspended is what the SDK panicked with to suspend the attempt. Whoever is
	// inside may use it.
	suspended any
}

// The states of a gate.
const (
	idle    uint32 = iota
	busy           // an operation is under way
	closing        // the same, and the handler has returned
	closed

	stateBits = 2
	stateMask = 1<<stateBits - 1
)

// operation names what can be done with a context.
type operation uint32

const (
	opNone operation = iota
	opRun
	opRunAsync
	opGet
	opKeys
	opSet
	opClear
	opClearAll
	opSleep
	opAfter
	opAwakeable
	opResolveAwakeable
	opRejectAwakeable
	opSignal
	opResolveSignal
	opRejectSignal
	opPromise
	opPeek
	opResolve
	opReject
	opCall
	opSend
	opCancel
	opAttach
	opInvocationID
	opWait
	opResponse
	opResult
	opDone
	opRand
	opFind
)

var operations = [...]string{
	opNone:             "an operation",
	opRun:              "restate.Run",
	opRunAsync:         "restate.RunAsync",
	opGet:              "restate.Get",
	opKeys:             "restate.Keys",
	opSet:              "restate.Set",
	opClear:            "restate.Clear",
	opClearAll:         "restate.ClearAll",
	opSleep:            "restate.Sleep",
	opAfter:            "restate.After",
	opAwakeable:        "restate.Awakeable",
	opResolveAwakeable: "restate.ResolveAwakeable",
	opRejectAwakeable:  "restate.RejectAwakeable",
	opSignal:           "restate.Signal",
	opResolveSignal:    "restate.ResolveSignal",
	opRejectSignal:     "restate.RejectSignal",
	opPromise:          "restate.Promise",
	opPeek:             "Peek of a promise",
	opResolve:          "Resolve of a promise",
	opReject:           "Reject of a promise",
	opCall:             "a call of a handler",
	opSend:             "a send to a handler",
	opCancel:           "restate.CancelInvocation",
	opAttach:           "restate.AttachInvocation",
	opInvocationID:     "GetInvocationId",
	opWait:             "restate.Wait",
	opResponse:         "Response of a future",
	opResult:           "Result of a future",
	opDone:             "Done of a timer",
	opRand:             "restate.Rand",
	opFind:             "FromContext",
}

func (o operation) String() string { return operations[o] }

// inside returns the operation that is under way, or opNone.
func inside(state uint32) operation { return operation(state >> stateBits) }

// enter begins an operation, or says why it must not be. Who enters leaves, by
// [Scope.leave] or [Scope.leaveWith].
func (s *Scope) enter(o operation) *Misuse {
	if !s.gate.state.CompareAndSwap(idle, busy|uint32(o)<<stateBits) {
		return s.refuse(o)
	}
	if suspension := s.gate.suspended; suspension != nil {
		s.exit()
		if handling() {
			s.steps.SDKRecovered()
			panic(suspension) // which user code recovered, or another goroutine got
		}
		return s.strayed(o)
	}
	return nil
}

// mustEnter is enter for operations that have no error to return.
func (s *Scope) mustEnter(o operation) {
	if m := s.enter(o); m != nil {
		panic(m)
	}
}

// leave is deferred by an operation that does not wait.
func (s *Scope) leave() {
	s.exit()
	if r := recover(); r != nil {
		s.pass(r)
	}
}

// leaveWith is deferred by an operation that may wait. What the SDK panics with in
// order to end the waiting goes on its way where a handler runs. On a goroutine of
// its own it would end the process, and becomes an error.
func (s *Scope) leaveWith(o operation, failure *restate.TerminalError) {
	r := recover()
	if isSuspension(r) {
		s.gate.suspended = r
	}
	switch open := s.exit(); {
	case r == nil: // also when runtime.Goexit was called
	case !open:
		*failure = s.refuse(o).failure()
	case handling() || !isSuspension(r) && r != any(s.sdk.Err()):
		s.pass(r)
	default:
		s.steps.SDKPanicked(r)
		m := s.strayed(o)
		*failure = &overdue{TerminalError: restate.ToTerminalError(m), misuse: m}
	}
}

// pass lets a panic of the SDK's go on its way, which user code may recover, also
// that which suspends the attempt, with nobody else on the way.
func (s *Scope) pass(r any) {
	s.steps.SDKPanicked(r)
	panic(r) // the stack of the first panic is still below this one
}

// isSuspension reports whether the SDK panicked in order to suspend the attempt.
func isSuspension(r any) bool {
	err, ok := r.(error)
	if !ok {
		return false
	}
	t := reflect.TypeOf(err)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name() == "SuspensionError" && strings.HasPrefix(t.PkgPath(), sdkModule)
}

// exit reports whether the handler still runs.
func (s *Scope) exit() bool {
	state := s.gate.state.Load()
	if state&stateMask == busy && s.gate.state.CompareAndSwap(state, idle) {
		return true
	}
	s.gate.state.Store(closed)
	close(s.gate.left)
	return false
}

// running reports whether a synchronous Run is under way.
func (s *Scope) running() bool { return inside(s.gate.state.Load()) == opRun }

// over reports whether the attempt is over.
func (s *Scope) over() bool { return s.gate.state.Load()&stateMask >= closing }

// stuckAfter is how long a closing gate waits before it says so.
const stuckAfter = time.Second

// Close ends the scope of an attempt when its handler has returned, in whatever way:
// from now on each operation of the context, and of what was made with it, fails.
// An operation that another goroutine is inside of is ended first, by abort, which
// cancels the context of the attempt and may be nil. If the attempt was suspended
// and the handler did not notice, Close panics as the SDK did: there is nobody left
// to tell a result.
func Close(ctx restate.MockableContext, abort func()) {
	s := ctx.Value(key{}).(*Scope)
	s.close(abort)
	if s.gate.suspended != nil {
		panic(s.gate.suspended)
	}
}

func (s *Scope) close(abort func()) {
	for {
		state := s.gate.state.Load()
		switch state & stateMask {
		case idle:
			if s.gate.state.CompareAndSwap(state, closed) {
				return
			}
		case busy:
			s.gate.left = make(chan struct{})
			if s.gate.state.CompareAndSwap(state, state-busy+closing) {
				s.await(inside(state), abort)
				return
			}
		default:
			return
		}
	}
}

// await waits until another goroutine has left an operation. There is no bound:
// the SDK would give the state machine away, and somebody is inside.
func (s *Scope) await(o operation, abort func()) {
	s.log("the handler returned while another goroutine used its ctx; the operation is ended", slog.String("operation", o.String()))
	if abort != nil {
		abort()
	}
	stuck := time.NewTimer(stuckAfter)
	defer stuck.Stop()
	select {
	case <-s.gate.left:
		return
	case <-stuck.C:
		s.log("the attempt cannot end: another goroutine does not come back from an operation of its ctx", slog.String("operation", o.String()))
	}
	<-s.gate.left
}

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
func (s *Scope) refuse(o operation) *Misuse {
	state := s.gate.state.Load()
	if state&stateMask >= closing {
		return s.misuse(toldReturned, fmt.Sprintf("%s after the end of %s", o, s.name()), ErrReturned)
	}
	switch other := inside(state); other {
	case opRun:
		return s.misuse(toldConcurrent, fmt.Sprintf("%s while a restate.Run of %s is under way", o, s.name()), ErrInsideRun, ErrConcurrentUse)
	default: // opNone: it has left since
		return s.misuse(toldConcurrent, fmt.Sprintf("%s while %s of %s is under way", o, other, s.name()), ErrConcurrentUse)
	}
}

// strayed makes the error of an operation on a goroutine of its own in an attempt that
// was suspended or cancelled.
func (s *Scope) strayed(o operation) *Misuse {
	return s.misuse(toldConcurrent, fmt.Sprintf("%s of %s on another goroutine than the handler's, which ends with the attempt", o, s.name()), ErrConcurrentUse)
}

// foreign makes the error of waiting for a future of another attempt.
func (s *Scope) foreign(other *Scope) *Misuse {
	if other.over() {
		return s.misuse(toldReturned, fmt.Sprintf("restate.Wait in %s for a future of %s, whose attempt is over", s.name(), other.name()), ErrReturned)
	}
	return s.misuse(toldConcurrent, fmt.Sprintf("restate.Wait in %s for a future of %s", s.name(), other.name()), ErrConcurrentUse)
}

func (s *Scope) name() string {
	return fmt.Sprintf("%s/%s (%s)", s.target.Service, s.target.Handler, s.sdk.Request().ID)
}

func (s *Scope) misuse(kind uint32, what string, causes ...error) *Misuse {
	m := &Misuse{text: fmt.Sprintf("fxrestate: %s: %v", what, causes[0]), cause: causes}
	if s.gate.told.Or(kind)&kind == 0 {
		s.log("the ctx of a handler was misused", slog.String("err", m.text))
	}
	return m
}

// log writes a line at ERROR, also while the attempt replays.
func (s *Scope) log(message string, attrs ...slog.Attr) {
	line := slog.NewRecord(time.Now(), slog.LevelError, message, 0)
	line.AddAttrs(slog.String("target", s.target.Service+"/"+s.target.Handler))
	line.AddAttrs(attrs...)
	// The logger itself drops lines then.
	_ = s.sdk.Log().Handler().Handle(context.WithoutCancel(s.sdk), line)
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
// panic or what the SDK's function returned, becomes *err. Other panics go on.
func Rescue(err *error) {
	if r := recover(); r != nil {
		m, ok := r.(*Misuse)
		if !ok {
			panic(r)
		}
		*err = m
		return
	}
	if o, ok := (*err).(*overdue); ok {
		*err = o.misuse
	}
}

// The functions that user code runs below in a handler and in a step: invoke of the
// SDK's, and those of package pipeline. They catch panics.
const (
	sdkModule       = "github.com/restatedev/sdk-go/"
	invokeFunction  = sdkModule + "internal/restatecontext.invoke"
	pipelinePackage = "github.com/fxrestate/go/pipeline."
)

// handling reports whether the goroutine runs a handler or a step, of whatever
// attempt.
func handling() bool {
	pcs := make([]uintptr, 512)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		frame, more := frames.Next()
		if frame.Function == invokeFunction || strings.HasPrefix(frame.Function, pipelinePackage) {
			return true
		}
		if !more {
			return false
		}
	}
}
