package restatetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/internal/sdk"
	"github.com/fxrestate/go/internal/sdk/fakectx"
)

// ErrNever is what the stub of a call returns if the call is not to be answered: for tests
// of timeouts.
var ErrNever = errors.New("restatetest: the call is never answered")

// Call is a call or a send that a handler made.
type Call struct {
	// Service and Handler are the names on the wire. Key is that of a virtual object, or
	// the id of a workflow.
	Service, Key, Handler string
	// Input is the input as it was encoded.
	Input []byte
	// Headers and IdempotencyKey are those of the call's options.
	Headers        map[string]string
	IdempotencyKey string
	// Send says that the caller does not wait, and Delay how much later the handler is to run.
	Send  bool
	Delay time.Duration
	// InvocationID is the id that the caller got.
	InvocationID string
}

// Decode decodes an input that is JSON.
func (c Call) Decode(into any) error {
	if err := json.Unmarshal(c.Input, into); err != nil {
		return fmt.Errorf("restatetest: the input of %s/%s is no %T: %w", c.Service, c.Handler, into, err)
	}
	return nil
}

// Stub answers calls of a handler, which the method expression names, by a function:
//
//	restatetest.Stub(ctx, (*Payments).Charge, func(_ restatetest.Call, in Charge) (Receipt, error) {
//		return Receipt{ID: "r-1"}, nil
//	})
//
// A terminal error is the failure of the call. Any other error is taken for that of the last
// retry of the callee, and becomes a terminal one with its text. [ErrNever] leaves the call
// without an answer.
//
// The function is also called with sends of that handler, which do not wait for it; Call.Send
// tells. What it returns is then what attaching to the invocation gives.
//
// Handlers of other shapes have StubVoid, Stub0 and Stub0Void, as with [rpc.Call]. A service
// that is registered under another name than its type's is stubbed by name, with
// [Context.StubHandler].
func Stub[T any, C restate.Context, I, O any](ctx *Context, method func(T, C, I) (O, error), answer func(c Call, in I) (O, error)) {
	stub(ctx, method, answer)
}

// StubVoid is [Stub] for methods without a result.
func StubVoid[T any, C restate.Context, I any](ctx *Context, method func(T, C, I) error, answer func(c Call, in I) error) {
	stub(ctx, method, func(c Call, in I) (restate.Void, error) { return restate.Void{}, answer(c, in) })
}

// Stub0 is [Stub] for methods without input.
func Stub0[T any, C restate.Context, O any](ctx *Context, method func(T, C) (O, error), answer func(c Call) (O, error)) {
	stub(ctx, method, func(c Call, _ restate.Void) (O, error) { return answer(c) })
}

// Stub0Void is [Stub] for methods without input and result.
func Stub0Void[T any, C restate.Context](ctx *Context, method func(T, C) error, answer func(c Call) error) {
	stub(ctx, method, func(c Call, _ restate.Void) (restate.Void, error) { return restate.Void{}, answer(c) })
}

func stub[I, O any](ctx *Context, method any, answer func(Call, I) (O, error)) {
	f := ctx.fake
	f.t.Helper()
	ref, err := f.registry.Resolve(method)
	if err != nil {
		f.t.Fatalf("restatetest: Stub: %v", err)
	}
	codec := ref.Method.InputCodec
	f.stubHandler(ref.Target().String(), func(c Call) (any, error) {
		var in I
		if err := sdk.Decode(codec, c.Input, &in); err != nil {
			return nil, fmt.Errorf("restatetest: the input of %s/%s is no %T: %w", c.Service, c.Handler, in, err)
		}
		return answer(c, in)
	})
}

func (f *fake) stubHandler(name string, answer func(Call) (any, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stubs[name] = answer
}

func (f *fake) stubInvocation(id string, answer func() (any, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.invocations[id] = answer
}

// callee is a handler that is called.
type callee struct {
	fake          *fake
	call          Call
	input, output encoding.Codec
}

// Handler implements fakectx.Context.
func (f *fake) Handler(service, key, handler string, opts []restate.ClientOption) fakectx.Handler {
	o := sdk.Options(restate.ClientOption.BeforeClient, opts)
	return callee{f, Call{Service: service, Key: key, Handler: handler}, codecOr(o.InputCodec), codecOr(o.OutputCodec)}
}

func (c callee) name() string { return c.call.Service + "/" + c.call.Handler }

// made returns the call with an input.
func (c callee) made(input any, headers restate.StringMap) Call {
	call := c.call
	call.Input = slices.Clone(mustMarshal("call of "+c.name(), c.input, input))
	if headers != nil {
		call.Headers = headers.ToMap()
	}
	call.InvocationID = c.fake.newInvocationID()
	return call
}

// Call implements fakectx.Handler.
func (c callee) Call(input any, opts []restate.RequestOption) fakectx.Operation {
	options := sdk.Options(restate.RequestOption.BeforeRequest, opts)
	call := c.made(input, options.Headers)
	call.IdempotencyKey = options.IdempotencyKey
	f := c.fake
	f.log.add(Operation{Type: OperationCall, Name: c.name(), Value: call.Input, Call: call})
	answer := f.stubOf(c.name())
	if answer == nil {
		f.t.Helper()
		f.t.Fatalf("restatetest: %s calls %s, which has no stub; add one with restatetest.Stub or Context.StubHandler, or replace the client by a fake%s",
			f.name(), c.name(), f.stubbed())
	}
	o := &operation{fake: f, what: "call of " + c.name(), hint: "its stub returned ErrNever", id: call.InvocationID, codec: c.output}
	f.answer(o, func() (any, error) { return answer(call) })
	return o
}

// answer completes an operation with what a stub returns, unless that is ErrNever.
func (f *fake) answer(o *operation, stub func() (any, error)) {
	value, err := stub()
	switch {
	case errors.Is(err, ErrNever):
	case err != nil:
		f.complete(o, failedWith(err))
	default:
		f.complete(o, completed(value))
	}
}

// Send implements fakectx.Handler.
func (c callee) Send(input any, opts ...restate.SendOption) restate.Invocation {
	options := sdk.Options(restate.SendOption.BeforeSend, opts)
	call := c.made(input, options.Headers)
	call.IdempotencyKey, call.Send, call.Delay = options.IdempotencyKey, true, options.Delay
	f := c.fake
	f.log.add(Operation{Type: OperationSend, Name: c.name(), Value: call.Input, Call: call})
	if answer := f.stubOf(c.name()); answer != nil {
		value, err := answer(call)
		f.stubInvocation(call.InvocationID, func() (any, error) { return value, err })
	}
	return sentInvocation(call.InvocationID)
}

// sentInvocation is the id of an invocation that was sent.
type sentInvocation string

// GetInvocationId implements restate.Invocation.
func (i sentInvocation) GetInvocationId() string { return string(i) }

func (f *fake) stubOf(name string) func(Call) (any, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stubs[name]
}

// stubbed names the handlers that have a stub, for those who misspelt one.
func (f *fake) stubbed() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.stubs) == 0 {
		return ""
	}
	return " (there are stubs of " + strings.Join(slices.Sorted(maps.Keys(f.stubs)), ", ") + ")"
}

// Attached implements fakectx.Context.
func (f *fake) Attached(id string, opts []restate.AttachOption) fakectx.Operation {
	f.log.add(Operation{Type: OperationAttach, Name: id})
	o := &operation{
		fake: f, what: "invocation " + id, hint: "stub the handler that it is of, or give its result with Context.StubInvocation",
		codec: codecOr(sdk.Options(restate.AttachOption.BeforeAttach, opts).Codec),
	}
	f.mu.Lock()
	answer := f.invocations[id]
	f.mu.Unlock()
	if answer != nil {
		f.answer(o, answer)
	}
	return o
}

// CancelInvocation implements fakectx.Context.
func (f *fake) CancelInvocation(id string) {
	f.log.add(Operation{Type: OperationCancel, Name: id})
	if id == f.request.ID {
		f.cancel()
	}
}
