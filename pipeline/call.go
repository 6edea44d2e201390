package pipeline

import (
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

// Call is a call or send from a handler to another, made with a typed client.
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
// What next returns for a [VerbCall] is the terminal error that the other handler
// answered with, or nil; for the other verbs it is nil once the call was made.
// An error that the interceptor returns instead is what the client returns to the
// handler. The rules for next and for suspension are those of [Interceptor]. One
// interceptor serves all invocations and must be safe for concurrent use.
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

// InterceptsCalls reports whether calls of this invocation meet interceptors. A
// client that finds there are none need not make a [Call] at all.
func (inv *Invocation) InterceptsCalls() bool { return inv.chain != nil && inv.chain.calls != nil }

// WrapCall makes a call inside of the call interceptors. makeIt makes it, with the
// headers of the call it gets, and returns the terminal error of the answer if it
// waits for one.
func (inv *Invocation) WrapCall(ctx restate.Context, call *Call, makeIt CallNext) error {
	if !inv.InterceptsCalls() {
		return makeIt(ctx, call)
	}
	call.inv, call.make = inv, makeIt
	return inv.chain.calls(ctx, call)
}

// aroundCall puts a call interceptor around next. Calls happen inside of the
// handler, so a panic goes on its way to there.
func aroundCall(interceptor CallInterceptor, next CallNext) CallNext {
	return func(ctx restate.Context, call *Call) (err error) {
		returned := false
		defer call.inv.flight.catch(call.inv, &returned, nil)
		err = interceptor.InterceptCall(ctx, call, next)
		returned = true
		return err
	}
}

// makeCall is what the call interceptors stand around.
func makeCall(ctx restate.Context, call *Call) error {
	returned := false
	defer call.inv.flight.catch(call.inv, &returned, nil)
	err := call.make(ctx, call)
	returned = true
	return err
}
