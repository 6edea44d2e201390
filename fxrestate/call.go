package fxrestate

import (
	"slices"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/pipeline"
)

// Call calls a handler and waits for its result:
//
//	cart, err := fxrestate.Call(ctx, s.carts.Key(id), (*Cart).AddItem, item)
//
// The method expression names the handler and gives the call its types. The call
// is journaled: it is made once, whatever happens to the caller, and its result
// is kept. A failure of the handler is a restate.TerminalError with its code.
//
// Go has no overloading, so each verb has a name for each shape of method:
//
//	(ctx, I) (O, error)   Call        Send        Future
//	(ctx, I) error        CallVoid    SendVoid    FutureVoid
//	(ctx) (O, error)      Call0       Send0       Future0
//	(ctx) error           Call0Void   Send0Void   Future0Void
//
// Options are those of the SDK, such as restate.WithIdempotencyKey and
// restate.WithHeaders. See https://docs.restate.dev/develop/go/service-communication.
func Call[T any, C restate.Context, I, O any](ctx restate.Context, to Target[T], method func(T, C, I) (O, error), in I, opts ...restate.RequestOption) (O, error) {
	return call[O](ctx, to, method, in, opts)
}

// CallVoid is [Call] for methods without a result.
func CallVoid[T any, C restate.Context, I any](ctx restate.Context, to Target[T], method func(T, C, I) error, in I, opts ...restate.RequestOption) error {
	_, err := call[restate.Void](ctx, to, method, in, opts)
	return err
}

// Call0 is [Call] for methods without input.
func Call0[T any, C restate.Context, O any](ctx restate.Context, to Target[T], method func(T, C) (O, error), opts ...restate.RequestOption) (O, error) {
	return call[O](ctx, to, method, restate.Void{}, opts)
}

// Call0Void is [Call] for methods without input and result.
func Call0Void[T any, C restate.Context](ctx restate.Context, to Target[T], method func(T, C) error, opts ...restate.RequestOption) error {
	_, err := call[restate.Void](ctx, to, method, restate.Void{}, opts)
	return err
}

func call[O, T any](ctx restate.Context, to Target[T], method, in any, opts []restate.RequestOption) (O, error) {
	r, err := to.address().resolve(method)
	if err != nil {
		var none O
		return none, err
	}
	if inv := intercepting(ctx); inv != nil {
		return interceptedCall[O](ctx, inv, r, in, opts)
	}
	return request[O](ctx, r, in, opts)
}

func interceptedCall[O any](ctx restate.Context, inv *pipeline.Invocation, r resolved, in any, opts []restate.RequestOption) (O, error) {
	var out O
	err := inv.WrapCall(ctx, newCall(r, pipeline.VerbCall, in, &out, opts), func(ctx restate.Context, c *pipeline.Call) (err error) {
		out, err = request[O](ctx, r, c.Input, withHeaders(opts, c))
		return err
	})
	return out, err
}

func request[O any](ctx restate.Context, r resolved, in any, opts []restate.RequestOption) (O, error) {
	out, failure := client[O](ctx, r).Request(in, opts...)
	if failure != nil {
		var none O
		return none, failure
	}
	return out, nil
}

// Future calls a handler without waiting. The result is a future of the SDK, for
// restate.Wait, restate.WaitFirst and its own method Response. See [Call].
func Future[T any, C restate.Context, I, O any](ctx restate.Context, to Target[T], method func(T, C, I) (O, error), in I, opts ...restate.RequestOption) (restate.ResponseFuture[O], error) {
	return future[O](ctx, to, method, in, opts)
}

// FutureVoid is [Future] for methods without a result.
func FutureVoid[T any, C restate.Context, I any](ctx restate.Context, to Target[T], method func(T, C, I) error, in I, opts ...restate.RequestOption) (restate.ResponseFuture[restate.Void], error) {
	return future[restate.Void](ctx, to, method, in, opts)
}

// Future0 is [Future] for methods without input.
func Future0[T any, C restate.Context, O any](ctx restate.Context, to Target[T], method func(T, C) (O, error), opts ...restate.RequestOption) (restate.ResponseFuture[O], error) {
	return future[O](ctx, to, method, restate.Void{}, opts)
}

// Future0Void is [Future] for methods without input and result.
func Future0Void[T any, C restate.Context](ctx restate.Context, to Target[T], method func(T, C) error, opts ...restate.RequestOption) (restate.ResponseFuture[restate.Void], error) {
	return future[restate.Void](ctx, to, method, restate.Void{}, opts)
}

func future[O, T any](ctx restate.Context, to Target[T], method, in any, opts []restate.RequestOption) (restate.ResponseFuture[O], error) {
	r, err := to.address().resolve(method)
	if err != nil {
		return nil, err
	}
	if inv := intercepting(ctx); inv != nil {
		return interceptedFuture[O](ctx, inv, r, in, opts)
	}
	return client[O](ctx, r).RequestFuture(in, opts...), nil
}

func interceptedFuture[O any](ctx restate.Context, inv *pipeline.Invocation, r resolved, in any, opts []restate.RequestOption) (f restate.ResponseFuture[O], err error) {
	err = inv.WrapCall(ctx, newCall(r, pipeline.VerbFuture, in, nil, opts), func(ctx restate.Context, c *pipeline.Call) error {
		f = client[O](ctx, r).RequestFuture(c.Input, withHeaders(opts, c)...)
		return nil
	})
	return f, err
}

// Send calls a handler that runs on its own, now or, with restate.WithDelay,
// later. The caller goes on at once. See [Call].
func Send[T any, C restate.Context, I, O any](ctx restate.Context, to Target[T], method func(T, C, I) (O, error), in I, opts ...restate.SendOption) (Invocation[O], error) {
	return sendTo[O](ctx, to, method, in, opts)
}

// SendVoid is [Send] for methods without a result.
func SendVoid[T any, C restate.Context, I any](ctx restate.Context, to Target[T], method func(T, C, I) error, in I, opts ...restate.SendOption) (Invocation[restate.Void], error) {
	return sendTo[restate.Void](ctx, to, method, in, opts)
}

// Send0 is [Send] for methods without input.
func Send0[T any, C restate.Context, O any](ctx restate.Context, to Target[T], method func(T, C) (O, error), opts ...restate.SendOption) (Invocation[O], error) {
	return sendTo[O](ctx, to, method, restate.Void{}, opts)
}

// Send0Void is [Send] for methods without input and result.
func Send0Void[T any, C restate.Context](ctx restate.Context, to Target[T], method func(T, C) error, opts ...restate.SendOption) (Invocation[restate.Void], error) {
	return sendTo[restate.Void](ctx, to, method, restate.Void{}, opts)
}

func sendTo[O, T any](ctx restate.Context, to Target[T], method, in any, opts []restate.SendOption) (Invocation[O], error) {
	r, err := to.address().resolve(method)
	if err != nil {
		return Invocation[O]{}, err
	}
	if inv := intercepting(ctx); inv != nil {
		return interceptedSend[O](ctx, inv, r, in, opts)
	}
	return Invocation[O]{sent: client[O](ctx, r).Send(in, opts...), codec: r.Method.OutputCodec}, nil
}

func interceptedSend[O any](ctx restate.Context, inv *pipeline.Invocation, r resolved, in any, opts []restate.SendOption) (Invocation[O], error) {
	sent := Invocation[O]{codec: r.Method.OutputCodec}
	err := inv.WrapCall(ctx, newSend(r, in, opts), func(ctx restate.Context, c *pipeline.Call) error {
		sent.sent = client[O](ctx, r).Send(c.Input, append(slices.Clip(opts), restate.WithHeaders(c.Headers()))...)
		return nil
	})
	return sent, err
}
