package sdk

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/safeerr"
)

// callee is the handler that a client calls.
type callee struct{ service, handler string }

// future is a future of the SDK's behind the gate of its attempt. It has the methods
// of all kinds of futures, and is handed out as one of them.
type future struct {
	restate.Future
	attempt *Attempt
	of      *callee // nil: not of a call
	begun   *begun  // nil: not of a step that an earlier attempt began

	// outside says who completes it, such as "restate.Signal", if others do: the program
	// has no say in what is sent. name is its name, if it has one.
	outside, name string
}

func (a *Attempt) future(sdk restate.Future) *future { return &future{Future: sdk, attempt: a} }

// CallOf returns the invocation that a future is of, or nil if it is not of a call: ours
// has the methods of all kinds.
func CallOf(f restate.Future) restate.Invocation {
	if own, ok := f.(*future); ok && own.of == nil {
		return nil
	}
	call, _ := f.(restate.Invocation)
	return call
}

// The methods of the SDK's futures.
type (
	responder interface {
		Response(output any) restate.TerminalError
	}
	resulter interface {
		Result(output any) restate.TerminalError
	}
	timer interface {
		Done() restate.TerminalError
	}
	identified interface{ Id() string }
	promised   interface {
		Peek(output any) (bool, restate.TerminalError)
		Resolve(value any) restate.TerminalError
		Reject(reason error) restate.TerminalError
	}
)

func (f *future) Response(output any) (failure restate.TerminalError) {
	if m := f.attempt.enter(opResponse); m != nil {
		return m.failure()
	}
	defer f.attempt.leaveWith(opResponse, &failure)
	return f.Future.(responder).Response(f.attempt.output(opResponse, f.of, output))
}

func (f *future) Result(output any) (failure restate.TerminalError) {
	if m := f.attempt.enter(opResult); m != nil {
		return m.failure()
	}
	defer f.attempt.leaveWith(opResult, &failure)
	out := f.attempt.output(opResult, nil, output)
	out.outside = f.outside != ""
	failure = f.Future.(resulter).Result(out)
	f.begun.taken(f.attempt)
	if out.wrong != nil {
		what := f.outside
		if f.name != "" {
			what += fmt.Sprintf(" %q", f.name)
		}
		return WrongCompletion(what, reflect.TypeOf(output), out.wrong)
	}
	return failure
}

// WrongCompletion is the failure of an awakeable or a signal that was completed with a
// value of another type than the one it is decoded into. It comes from outside, stays in
// the journal, and no waiting is left that a cancellation could end. So it is terminal.
func WrongCompletion(what string, into reflect.Type, err error) restate.TerminalError {
	if into != nil && into.Kind() == reflect.Pointer {
		into = into.Elem()
	}
	return restate.ToTerminalError(fmt.Errorf("durable: %s: it was resolved with a value that is no %s: %w", what, into, safeerr.Of(err)),
		restate.WithErrorCode(http.StatusBadRequest))
}

func (f *future) Done() (failure restate.TerminalError) {
	if m := f.attempt.enter(opDone); m != nil {
		return m.failure()
	}
	defer f.attempt.leaveWith(opDone, &failure)
	return f.Future.(timer).Done()
}

// Id is the id of an awakeable, which is known.
func (f *future) Id() string { return f.Future.(identified).Id() }

func (f *future) Peek(output any) (ok bool, failure restate.TerminalError) {
	if m := f.attempt.enter(opPeek); m != nil {
		return false, m.failure()
	}
	defer f.attempt.leaveWith(opPeek, &failure)
	return f.Future.(promised).Peek(f.attempt.output(opPeek, nil, output))
}

func (f *future) Resolve(value any) (failure restate.TerminalError) {
	if m := f.attempt.enter(opResolve); m != nil {
		return m.failure()
	}
	defer f.attempt.leaveWith(opResolve, &failure)
	return f.Future.(promised).Resolve(value)
}

func (f *future) Reject(reason error) (failure restate.TerminalError) {
	if m := f.attempt.enter(opReject); m != nil {
		return m.failure()
	}
	defer f.attempt.leaveWith(opReject, &failure)
	return f.Future.(promised).Reject(reason)
}

func (f *future) GetInvocationId() string {
	return f.attempt.invocationID(f.Future.(restate.Invocation))
}

// sent is what a send returns, behind the gate of its attempt.
type sent struct {
	restate.Invocation
	attempt *Attempt
}

func (s *sent) GetInvocationId() string { return s.attempt.invocationID(s.Invocation) }

// Cancelled is what GetInvocationId panics with if the invocation is cancelled while it
// waits: it has no error to return. The SDK panics with an error of which every later
// attempt dies too, since the journal has the cancellation before the id.
type Cancelled struct{ restate.TerminalError }

func (c *Cancelled) Unwrap() error { return c.TerminalError }

// invocationID waits for the server to tell the id of an invocation. It has no error
// to return.
func (a *Attempt) invocationID(of restate.Invocation) (id string) {
	a.mustEnter(opInvocationID)
	var failure restate.TerminalError
	defer func() {
		switch f := failure.(type) {
		case *overdue:
			panic(f.misuse)
		case *Cancelled:
			panic(f)
		}
	}()
	defer a.leaveWith(opInvocationID, &failure)
	id, failure = idOf(of)
	return id
}

// idOf returns the id, or that the invocation was cancelled while it waited.
func idOf(of restate.Invocation) (id string, failure restate.TerminalError) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		// The SDK takes the failure for a value of a kind that an id never is.
		if err, ok := r.(error); !ok || IsValue(r) || !strings.HasPrefix(err.Error(), "unexpected value ") || !strings.Contains(err.Error(), "Cancelled") {
			panic(r) // the stack of the first panic is still below this one
		}
		failure = &Cancelled{restate.ToTerminalError(errors.New("Cancelled"), restate.WithErrorCode(http.StatusConflict))}
	}()
	return of.GetInvocationId(), nil
}

// requester is the SDK's client of a handler.
type requester[F any] interface {
	RequestFuture(input any, opts ...restate.RequestOption) F
	Request(input, output any, opts ...restate.RequestOption) restate.TerminalError
	Send(input any, opts ...restate.SendOption) restate.Invocation
}

// client is a client of the SDK's behind the gate of its attempt. Most make one call,
// so what that returns lies in one piece of memory with it.
type client[C requester[F], F restate.Future] struct {
	sdk     C
	attempt *Attempt
	of      callee
	first   future
	sent    sent
	wrapped *wrapped // nil: nothing stands around the calls
}

func (c *client[C, F]) RequestFuture(input any, opts ...restate.RequestOption) F {
	if c.wrapped != nil && !wrappedAlready(input) {
		return c.wrappedFuture(input, opts)
	}
	return c.requestFuture(input, opts)
}

func (c *client[C, F]) requestFuture(input any, opts []restate.RequestOption) F {
	c.attempt.mustEnter(opCall)
	defer c.attempt.leave()
	f := &c.first
	if f.attempt != nil {
		f = new(future)
	}
	*f = future{Future: c.sdk.RequestFuture(input, opts...), attempt: c.attempt, of: &c.of}
	return as[F](f)
}

func (c *client[C, F]) Request(input, output any, opts ...restate.RequestOption) restate.TerminalError {
	if c.wrapped != nil && !wrappedAlready(input) {
		return c.wrappedRequest(input, output, opts)
	}
	return c.request(input, output, opts)
}

func (c *client[C, F]) request(input, output any, opts []restate.RequestOption) (failure restate.TerminalError) {
	if m := c.attempt.enter(opCall); m != nil {
		return m.failure()
	}
	defer c.attempt.leaveWith(opCall, &failure)
	return c.sdk.Request(input, c.attempt.output(opCall, &c.of, output), opts...)
}

func (c *client[C, F]) Send(input any, opts ...restate.SendOption) restate.Invocation {
	if c.wrapped != nil && !wrappedAlready(input) {
		return c.wrappedSend(input, opts)
	}
	return c.send(input, opts)
}

func (c *client[C, F]) send(input any, opts []restate.SendOption) restate.Invocation {
	c.attempt.mustEnter(opSend)
	defer c.attempt.leave()
	// A time before the year 1970 would never come. See guarded.Sleep.
	if len(opts) > 0 && Options(restate.SendOption.BeforeSend, opts).Delay < 0 {
		opts = append(opts[:len(opts):len(opts)], restate.WithDelay(0))
	}
	s := &c.sent
	if s.attempt != nil {
		s = new(sent)
	}
	*s = sent{c.sdk.Send(input, opts...), c.attempt}
	return s
}

// Await waits until f has completed, and returns the failure with which the invocation
// that waits was cancelled meanwhile, or nil. That of f looks the same if it is of an
// invocation that was cancelled. For a future that is not of an attempt it does nothing.
func Await(f restate.Future) (cancelled restate.TerminalError) {
	own := futureOf(f)
	if own == nil {
		return nil
	}
	a := own.attempt
	if m := a.enter(opWait); m != nil {
		return m.failure()
	}
	defer a.leaveWith(opWait, &cancelled)
	i := a.sdk.WaitIter(own.Future)
	if i.Next() {
		return nil
	}
	return i.Err()
}

// iterator is an iterator of the SDK's behind the gate of its attempt.
type iterator struct {
	sdk     restate.WaitIterator
	attempt *Attempt
	failure restate.TerminalError // of a misuse
}

func (i *iterator) Next() bool {
	if i.failure != nil {
		return false
	}
	if m := i.attempt.enter(opWait); m != nil {
		i.failure = m.failure()
		return false
	}
	defer i.attempt.leaveWith(opWait, &i.failure)
	return i.sdk.Next()
}

func (i *iterator) Value() restate.Future {
	if i.failure != nil {
		return nil
	}
	return i.sdk.Value()
}

func (i *iterator) Err() restate.TerminalError {
	if i.failure != nil {
		return i.failure
	}
	return i.sdk.Err()
}

// Wrapper is a future of ours around another one.
type Wrapper interface{ Unwrap() restate.Future }

// Unwrap implements [Wrapper].
func (f *future) Unwrap() restate.Future { return f.Future }

// ownerOf returns the attempt that a future was made in, or nil for one that is not of
// ours.
func ownerOf(f restate.Future) *Attempt {
	if own := futureOf(f); own != nil {
		return own.attempt
	}
	return nil
}

// futureOf returns our future inside of f, or nil.
func futureOf(f restate.Future) *future {
	own, _ := FutureAs[*future](f)
	return own
}

// FutureAs returns the future of type F inside of f. What the SDK hands out are structs
// around the futures of its context.
func FutureAs[F any](f restate.Future) (found F, ok bool) {
	for f != nil {
		if found, ok = f.(F); ok {
			return found, true
		}
		if w, wraps := f.(Wrapper); wraps {
			f = w.Unwrap()
			continue
		}
		v := reflect.Indirect(reflect.ValueOf(f))
		if v.Kind() != reflect.Struct || v.NumField() == 0 || !v.Type().Field(0).IsExported() {
			return found, false
		}
		f, _ = v.Field(0).Interface().(restate.Future)
	}
	return found, false
}
