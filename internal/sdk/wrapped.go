package sdk

import (
	"slices"
	"time"

	restate "github.com/restatedev/sdk-go"
)

// CallWrapper is an optional interface of an [Owner] that stands around the calls and
// sends which handlers make with the SDK's own clients.
type CallWrapper interface {
	// WrapsCalls reports whether there is something to stand around them.
	WrapsCalls() bool
	// WrapCall makes a call. makeIt makes it with an input and with headers; its error
	// is the terminal one of the answer, if the call waits for that.
	WrapCall(ctx restate.Context, call Call, makeIt func(input any, headers map[string]string) error) error
}

// Call is a call or a send with a client of the SDK's.
type Call struct {
	Kind                  CallKind
	Service, Key, Handler string
	Input                 any
	// Output points to the result of a call that waits.
	Output         any
	Headers        map[string]string
	IdempotencyKey string
	Delay          time.Duration
}

// CallKind says how a call is made.
type CallKind int

// The kinds of calls.
const (
	Request CallKind = iota
	RequestFuture
	Send
)

// wrapped is what a client needs to have its calls wrapped.
type wrapped struct {
	by  CallWrapper
	ctx restate.Context
	key string
}

// wrappedAlready reports whether a call is one of a typed client, which wraps it itself.
func wrappedAlready(input any) bool {
	_, typed := input.(interface{ TypedClient() })
	return typed
}

func (c *client[C, F]) call(kind CallKind, input, output any) Call {
	return Call{Kind: kind, Service: c.of.service, Key: c.wrapped.key, Handler: c.of.handler, Input: input, Output: output}
}

func (c *client[C, F]) describe(kind CallKind, input, output any, opts []restate.RequestOption) Call {
	call, o := c.call(kind, input, output), Options(restate.RequestOption.BeforeRequest, opts)
	call.IdempotencyKey = o.IdempotencyKey
	if o.Headers != nil {
		call.Headers = o.Headers.ToMap()
	}
	return call
}

func (c *client[C, F]) wrappedRequest(input, output any, opts []restate.RequestOption) restate.TerminalError {
	err := c.wrapped.by.WrapCall(c.wrapped.ctx, c.describe(Request, input, output, opts), func(input any, headers map[string]string) error {
		if failure := c.request(input, output, append(slices.Clip(opts), restate.WithHeaders(headers))); failure != nil {
			return failure
		}
		return nil
	})
	if err == nil {
		return nil
	}
	failure := restate.AsTerminalError(err)
	if failure == nil {
		panic(err) // as the SDK does with an input that does not encode
	}
	return failure
}

// wrappedFuture has no error to return, nor has wrappedSend.
func (c *client[C, F]) wrappedFuture(input any, opts []restate.RequestOption) (f F) {
	err := c.wrapped.by.WrapCall(c.wrapped.ctx, c.describe(RequestFuture, input, nil, opts), func(input any, headers map[string]string) error {
		f = c.requestFuture(input, append(slices.Clip(opts), restate.WithHeaders(headers)))
		return nil
	})
	if err != nil {
		panic(err)
	}
	return f
}

func (c *client[C, F]) wrappedSend(input any, opts []restate.SendOption) (sent restate.Invocation) {
	call, o := c.call(Send, input, nil), Options(restate.SendOption.BeforeSend, opts)
	call.IdempotencyKey, call.Delay = o.IdempotencyKey, max(o.Delay, 0)
	if o.Headers != nil {
		call.Headers = o.Headers.ToMap()
	}
	err := c.wrapped.by.WrapCall(c.wrapped.ctx, call, func(input any, headers map[string]string) error {
		sent = c.send(input, append(slices.Clip(opts), restate.WithHeaders(headers)))
		return nil
	})
	if err != nil {
		panic(err)
	}
	return sent
}
