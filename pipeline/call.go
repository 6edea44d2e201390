package pipeline

import (
	"errors"
	"fmt"
	"maps"
	"time"

	restate "github.com/restatedev/sdk-go"
)

// Verb says what a handler does with another one.
type Verb string

// The verbs.
const (
	// VerbCall waits for the answer.
	VerbCall Verb = "call"
	// VerbFuture makes the call and waits later, outside of the interceptors.
	VerbFuture Verb = "future"
	// VerbSend does not wait.
	VerbSend Verb = "send"
)

// Call is a call or send from a handler to another: see [CallInterceptor]. An
// interceptor may change its headers and its Input, which is encoded after all
// interceptors, and for a [VerbCall] what Output points to. The other fields tell
// what was asked for: writing them changes nothing.
type Call struct {
	// Verb says how it is made.
	Verb Verb
	// Service, Key and Handler say whom. Key is empty for a service.
	Service, Key, Handler string
	// Input is the input before it is encoded.
	Input any
	// Output points to where the result of a [VerbCall] is decoded. It has its
	// value when next returned without an error.
	Output any
	// IdempotencyKey of the call, or "".
	IdempotencyKey string
	// Delay of a send.
	Delay time.Duration

	inv     *Invocation
	headers map[string]string
	make    CallNext
	origin  *Call // itself, or what it was copied from

	// Of the origin only.
	reached int // how far into the interceptors it is
	made    bool
}

// Invocation returns the invocation that makes the call.
func (c *Call) Invocation() *Invocation { return c.inv }

// SetHeader adds a header to the call.
//
// Headers are part of the journal: a call that is replayed with other headers
// than it was made with fails the invocation (error RT0016). So a value has to
// come from what all attempts share, such as [Invocation.Header] and
// [Invocation.ID], and not from the time, chance, or [Invocation.AttemptHeader].
func (c *Call) SetHeader(name, value string) {
	if c.headers == nil {
		c.headers = make(map[string]string, 1)
	}
	c.headers[name] = value
}

// Headers returns a copy of the call's headers, nil when there are none.
func (c *Call) Headers() map[string]string { return maps.Clone(c.headers) }

// CallInterceptor runs around each call and send that a handler makes with a
// typed client, in every attempt: on replay too, and there it has to do the same.
// Mostly it adds headers with [Call.SetHeader].
//
// Handlers of a foreign restate.ServiceDefinition call with the SDK's own clients, such
// as restate.Service. It runs around these calls too. Where the SDK's function returns
// no error, an error of the interceptor is a panic, after which the invocation is
// retried. In the handlers of a struct, calls with the SDK's own clients pass it by.
//
// A call that a call interceptor itself makes, with either client, meets no call
// interceptors: it would meet the one that makes it.
//
// Add a header with [Call.SetHeader] only once no invocation of the handler is in flight:
// the journal of a running one has a call without it, and its replay fails.
//
// What next returns for a [VerbCall] is the terminal error that the other handler
// answered with, or nil; for the other verbs it is nil once the call was made. An
// error that is not terminal says why no call was made, or that its answer does not
// decode. An error that the interceptor returns instead is what the client returns
// to the handler.
//
// The rules for next and for suspension are those of [Interceptor]: a second call of
// next returns [ErrNextTwice]. An interceptor that does not call next answers a
// [VerbCall] by what it writes to Output; for the other verbs it has to return an
// error, or else the client returns [ErrCallNotMade]. One interceptor serves all
// invocations and must be safe for concurrent use.
type CallInterceptor interface {
	InterceptCall(ctx restate.Context, call *Call, next CallNext) error
}

// CallNext goes on with what a call interceptor stands around.
type CallNext func(ctx restate.Context, call *Call) error

// CallInterceptorFunc is a [CallInterceptor] made of a function.
type CallInterceptorFunc func(ctx restate.Context, call *Call, next CallNext) error

// InterceptCall calls f.
func (f CallInterceptorFunc) InterceptCall(ctx restate.Context, call *Call, next CallNext) error {
	return f(ctx, call, next)
}

// ErrCallNotMade is what a client returns for a send or a future when a call
// interceptor returned no error although nothing was made: it did not call next, or
// dropped the error of next.
var ErrCallNotMade = errors.New("pipeline: a call interceptor returned no error, and the call was not made; call next, or return an error")

var errStrangeCall = errors.New("pipeline: a call interceptor gave next a call that is not its own; hand on the one it was given")

// InterceptsCalls reports whether calls of this invocation meet interceptors. Those that
// an interceptor makes do not. A client that finds there are none need not make a [Call] at all.
func (inv *Invocation) InterceptsCalls() bool {
	return inv.chain != nil && inv.chain.calls != nil && !inv.inCalls.Load()
}

// WrapCall makes a call inside of the call interceptors. makeIt makes it, with the
// input and the headers of the call it gets, and returns the terminal error of the
// answer if it waits for one.
func (inv *Invocation) WrapCall(ctx restate.Context, call *Call, makeIt CallNext) error {
	if !inv.InterceptsCalls() {
		return makeIt(ctx, call)
	}
	call.inv, call.make, call.origin = inv, makeIt, call
	call.reached, call.made = 0, false
	inv.inCalls.Store(true)
	defer inv.inCalls.Store(false)
	if err := inv.chain.calls(ctx, call); err != nil {
		return err
	}
	if !call.made && call.Verb != VerbCall {
		return fmt.Errorf("%w: %s of %s/%s", ErrCallNotMade, call.Verb, call.Service, call.Handler)
	}
	return nil
}

// aroundCall puts a call interceptor around next. index is its place, as for
// [around]. Calls happen inside of the handler, so a panic goes on its way to there.
func aroundCall(interceptor CallInterceptor, index int, next CallNext) CallNext {
	return func(ctx restate.Context, call *Call) error {
		if err := call.enter(index); err != nil {
			return err
		}
		_, err := call.inv.protect(&call.inv.flight, byHandler, func() (any, error) {
			return nil, interceptor.InterceptCall(ctx, call, next)
		})
		return err
	}
}

// makeCall is what the call interceptors stand around; index is past the last.
func makeCall(index int) CallNext {
	return func(ctx restate.Context, call *Call) error {
		if err := call.enter(index); err != nil {
			return err
		}
		_, err := call.inv.protect(&call.inv.flight, byHandler, func() (any, error) { return nil, call.make(ctx, call) })
		call.origin.made = err == nil
		return err
	}
}

// enter notes that the call is at the interceptor with the given index, or past
// the last one.
func (c *Call) enter(index int) error {
	if c == nil || c.origin == nil {
		return errStrangeCall
	}
	if c.origin.reached >= index {
		return fmt.Errorf("%w, around the %s of %s/%s", ErrNextTwice, c.Verb, c.Service, c.Handler)
	}
	c.origin.reached = index
	return nil
}
