package rpc

import (
	"slices"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/payload"
	"github.com/fxrestate/go/internal/scope"
	"github.com/fxrestate/go/internal/sdk"
	"github.com/fxrestate/go/pipeline"
)

// Call calls a handler and waits for its result:
//
//	cart, err := rpc.Call(ctx, s.carts.Key(id), (*Cart).AddItem, item)
//
// The method expression names the handler and gives the call its types. The call
// is journaled: it is made once, whatever happens to the caller, and its result
// is kept.
//
// The failure of the handler is a [*CallError]: a restate.TerminalError with its code,
// which tells the handler and its invocation. An empty key is [ErrEmptyKey], terminal
// with code 400. An input that does not encode, and a result that does not decode into
// O, are errors that name the handler. They are not terminal: the invocation continues
// when the mistake is fixed and deployed. A result that does not decode is logged at
// ERROR, once for each handler and type.
//
// Go has no overloading, so each verb has a name for each shape of method:
//
//	(ctx, I) (O, error)   Call        Send        Start
//	(ctx, I) error        CallVoid    SendVoid    StartVoid
//	(ctx) (O, error)      Call0       Send0       Start0
//	(ctx) error           Call0Void   Send0Void   Start0Void
//
// If the compiler says that a method does not match func(T, C, I) (O, error), the method
// has another shape: take the verb of its line. A method that returns no error has none:
// call it with [Named]. If the compiler says that an [Object] or a [Workflow] does not
// match Target[T], the key is missing: pass carts.Key(key) or signups.ID(id).
//
// Options are those of the SDK, such as restate.WithIdempotencyKey and
// restate.WithHeaders. See https://docs.restate.dev/develop/go/service-communication.
func Call[T any, C restate.Context, I, O any](ctx restate.Context, to Target[T], method func(T, C, I) (O, error), in I, opts ...restate.RequestOption) (O, error) {
	return call[O](ctx, to, method, in, opts)
}

// CallVoid is [Call] for methods without a result. Other shapes: [Call], [Call0],
// [Call0Void].
func CallVoid[T any, C restate.Context, I any](ctx restate.Context, to Target[T], method func(T, C, I) error, in I, opts ...restate.RequestOption) error {
	_, err := call[restate.Void](ctx, to, method, in, opts)
	return err
}

// Call0 is [Call] for methods without input. Other shapes: [Call], [CallVoid],
// [Call0Void].
func Call0[T any, C restate.Context, O any](ctx restate.Context, to Target[T], method func(T, C) (O, error), opts ...restate.RequestOption) (O, error) {
	return call[O](ctx, to, method, restate.Void{}, opts)
}

// Call0Void is [Call] for methods without input and result. Other shapes: [Call], [CallVoid],
// [Call0].
func Call0Void[T any, C restate.Context](ctx restate.Context, to Target[T], method func(T, C) error, opts ...restate.RequestOption) error {
	_, err := call[restate.Void](ctx, to, method, restate.Void{}, opts)
	return err
}

func call[O, T any](ctx restate.Context, to Target[T], method, in any, opts []restate.RequestOption) (O, error) {
	c, err := to.address().resolve(method)
	if err != nil {
		var none O
		return none, err
	}
	return callTo[O](ctx, c, in, opts)
}

func callTo[O any](ctx restate.Context, to callee, in any, opts []restate.RequestOption) (O, error) {
	if inv := intercepting(ctx); inv != nil {
		return interceptedCall[O](ctx, inv, to, in, opts)
	}
	return request[O](ctx, to, in, opts)
}

// interceptedCall is a function of its own, as are interceptedStart and interceptedSend:
// its closure allocates, and a call without interceptors should not.
func interceptedCall[O any](ctx restate.Context, inv *pipeline.Invocation, to callee, in any, opts []restate.RequestOption) (out O, err error) {
	err = inv.WrapCall(ctx, newCall(to, pipeline.VerbCall, in, &out, opts), func(ctx restate.Context, c *pipeline.Call) (err error) {
		out, err = request[O](ctx, to, c.Input, withHeaders(opts, c))
		return err
	})
	return out, err
}

func request[O any](ctx restate.Context, to callee, in any, opts []restate.RequestOption) (O, error) {
	f, err := requestFuture[O](ctx, to, in, opts)
	if err != nil {
		var none O
		return none, err
	}
	return f.wait()
}

// Start calls a handler and does not wait. It returns a [durable.Future], to wait for
// later, together with others or with a timeout:
//
//	quote, err := rpc.Start(ctx, s.shop, (*Shop).Quote, item)
//	…
//	price, err := quote.OrTimeout(ctx, time.Minute).Await(ctx)
//
// The error is one that [Call] returns before it calls the handler.
func Start[T any, C restate.Context, I, O any](ctx restate.Context, to Target[T], method func(T, C, I) (O, error), in I, opts ...restate.RequestOption) (durable.Future[O], error) {
	return start[O](ctx, to, method, in, opts)
}

// StartVoid is [Start] for methods without a result. Other shapes: [Start], [Start0],
// [Start0Void].
func StartVoid[T any, C restate.Context, I any](ctx restate.Context, to Target[T], method func(T, C, I) error, in I, opts ...restate.RequestOption) (durable.Future[restate.Void], error) {
	return start[restate.Void](ctx, to, method, in, opts)
}

// Start0 is [Start] for methods without input. Other shapes: [Start], [StartVoid],
// [Start0Void].
func Start0[T any, C restate.Context, O any](ctx restate.Context, to Target[T], method func(T, C) (O, error), opts ...restate.RequestOption) (durable.Future[O], error) {
	return start[O](ctx, to, method, restate.Void{}, opts)
}

// Start0Void is [Start] for methods without input and result. Other shapes: [Start], [StartVoid],
// [Start0].
func Start0Void[T any, C restate.Context](ctx restate.Context, to Target[T], method func(T, C) error, opts ...restate.RequestOption) (durable.Future[restate.Void], error) {
	return start[restate.Void](ctx, to, method, restate.Void{}, opts)
}

func start[O, T any](ctx restate.Context, to Target[T], method, in any, opts []restate.RequestOption) (durable.Future[O], error) {
	c, err := to.address().resolve(method)
	if err != nil {
		return durable.Future[O]{}, err
	}
	return startTo[O](ctx, c, in, opts)
}

func startTo[O any](ctx restate.Context, to callee, in any, opts []restate.RequestOption) (durable.Future[O], error) {
	var f *response[O]
	var err error
	if inv := intercepting(ctx); inv != nil {
		f, err = interceptedStart[O](ctx, inv, to, in, opts)
	} else {
		f, err = requestFuture[O](ctx, to, in, opts)
	}
	if err != nil {
		return durable.Future[O]{}, err
	}
	return durable.FutureOf(f, f.result), nil
}

func interceptedStart[O any](ctx restate.Context, inv *pipeline.Invocation, to callee, in any, opts []restate.RequestOption) (f *response[O], err error) {
	err = inv.WrapCall(ctx, newCall(to, pipeline.VerbFuture, in, nil, opts), func(ctx restate.Context, c *pipeline.Call) (err error) {
		f, err = requestFuture[O](ctx, to, c.Input, withHeaders(opts, c))
		return err
	})
	return f, err
}

func requestFuture[O any](ctx restate.Context, to callee, in any, opts []restate.RequestOption) (f *response[O], err error) {
	defer sdk.Rescue(&err)
	if err := to.checkRequest(opts); err != nil {
		return nil, err
	}
	input, err := to.encode(in)
	if err != nil {
		return nil, err
	}
	f = &response[O]{to: to.Target, from: scope.Of(ctx), input: input}
	// The SDK's functions would allocate a client and a future more.
	switch own := sdk.Mockable(ctx); to.Kind {
	case handler.Object:
		f.made = own.Object(to.Service, to.key, to.Handler, to.options...).RequestFuture(&f.input, opts...)
	case handler.Workflow:
		f.made = own.Workflow(to.Service, to.key, to.Handler, to.options...).RequestFuture(&f.input, opts...)
	default:
		f.made = own.Service(to.Service, to.Handler, to.options...).RequestFuture(&f.input, opts...)
	}
	f.input = payload.Encoded{} // it is in the journal now
	return f, nil
}

// made is the SDK's future of a call.
type made interface {
	restate.Future
	restate.Invocation
	Response(output any) restate.TerminalError
}

// response is the future of a call.
type response[O any] struct {
	made

	to    *handler.Target
	from  *scope.Scope
	input payload.Encoded
}

// Unwrap implements sdk.Wrapper.
func (r *response[O]) Unwrap() restate.Future { return r.made }

// wait waits for the result of the call.
func (r *response[O]) wait() (out O, err error) {
	defer sdk.Rescue(&err)
	if cancelled := sdk.Await(r.made); cancelled != nil {
		return out, interrupted(r.to, cancelled, r.made.GetInvocationId)
	}
	return r.result()
}

// result returns the result of a call that has completed. A [durable.Future] has waited
// for that itself.
func (r *response[O]) result() (out O, err error) {
	defer sdk.Rescue(&err)
	var p payload.Payload[O]
	if failure := r.made.Response(&p); failure != nil {
		return out, failed(r.to, failure, r.made.GetInvocationId)
	}
	return decode(r.from, r.to, p)
}

// Send calls a handler and does not wait for it. It runs now or, with restate.WithDelay,
// later. A negative delay counts as zero. See [Call] for the errors
// and what the compiler says. Other shapes: [SendVoid], [Send0], [Send0Void].
func Send[T any, C restate.Context, I, O any](ctx restate.Context, to Target[T], method func(T, C, I) (O, error), in I, opts ...restate.SendOption) (Handle[O], error) {
	return sendTo[O](ctx, to, method, in, opts)
}

// SendVoid is [Send] for methods without a result. Other shapes: [Send], [Send0],
// [Send0Void].
func SendVoid[T any, C restate.Context, I any](ctx restate.Context, to Target[T], method func(T, C, I) error, in I, opts ...restate.SendOption) (Handle[restate.Void], error) {
	return sendTo[restate.Void](ctx, to, method, in, opts)
}

// Send0 is [Send] for methods without input. Other shapes: [Send], [SendVoid],
// [Send0Void].
func Send0[T any, C restate.Context, O any](ctx restate.Context, to Target[T], method func(T, C) (O, error), opts ...restate.SendOption) (Handle[O], error) {
	return sendTo[O](ctx, to, method, restate.Void{}, opts)
}

// Send0Void is [Send] for methods without input and result. Other shapes: [Send], [SendVoid],
// [Send0].
func Send0Void[T any, C restate.Context](ctx restate.Context, to Target[T], method func(T, C) error, opts ...restate.SendOption) (Handle[restate.Void], error) {
	return sendTo[restate.Void](ctx, to, method, restate.Void{}, opts)
}

func sendTo[O, T any](ctx restate.Context, to Target[T], method, in any, opts []restate.SendOption) (Handle[O], error) {
	c, err := to.address().resolve(method)
	if err != nil {
		return Handle[O]{}, err
	}
	return sendOne[O](ctx, c, in, opts)
}

func sendOne[O any](ctx restate.Context, to callee, in any, opts []restate.SendOption) (Handle[O], error) {
	if inv := intercepting(ctx); inv != nil {
		return interceptedSend[O](ctx, inv, to, in, opts)
	}
	return send[O](ctx, to, in, opts)
}

func interceptedSend[O any](ctx restate.Context, inv *pipeline.Invocation, to callee, in any, opts []restate.SendOption) (sent Handle[O], err error) {
	err = inv.WrapCall(ctx, newSend(to, in, opts), func(ctx restate.Context, c *pipeline.Call) (err error) {
		sent, err = send[O](ctx, to, c.Input, append(slices.Clip(opts), restate.WithHeaders(c.Headers())))
		return err
	})
	if err != nil {
		return Handle[O]{}, err
	}
	return sent, nil
}

func send[O any](ctx restate.Context, to callee, in any, opts []restate.SendOption) (sent Handle[O], err error) {
	defer sdk.Rescue(&err)
	if opts, err = to.checkSend(opts); err != nil {
		return Handle[O]{}, err
	}
	input, err := to.encode(in)
	if err != nil {
		return Handle[O]{}, err
	}
	return Handle[O]{sent: sender(ctx, to).Send(&input, opts...), of: to.Target, codec: to.output}, nil
}
