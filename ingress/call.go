package ingress

import (
	"context"
	"fmt"

	restate "github.com/restatedev/sdk-go"
)

// Call calls a handler and waits for its result:
//
//	cart, err := ingress.Call(ctx, carts.Key(id), (*Cart).AddItem, item)
//
// The method expression names the handler and gives the call its types. The compiler
// infers C, the handler's context. When ctx ends the call returns, and the invocation
// goes on.
//
// The failure of the handler is an [*Error] that wraps a [*CallError]. An empty key is
// [ErrEmptyKey], and no request is made.
//
// Handlers in other languages may return nothing, which is a result of no bytes. That is
// nil for a pointer, map, slice or interface, and the zero restate.Void. For any other
// type it is an error.
//
// Go has no overloading, so each verb has a name for each shape of method:
//
//	(ctx, I) (O, error)   Call        Send        Lookup        Handler
//	(ctx, I) error        CallVoid    SendVoid    LookupVoid    HandlerVoid
//	(ctx) (O, error)      Call0       Send0       Lookup0       Handler0
//	(ctx) error           Call0Void   Send0Void   Lookup0Void   Handler0Void
//
// If the compiler says that a method does not match func(T, C, I) (O, error), the method
// has another shape: take the verb of its line. A method that returns no error has none:
// call it with [Named]. If the compiler says that an [Object] or a [Workflow] does not
// match Target[T], the key is missing: pass carts.Key(key) or signups.ID(id).
//
// With restate.WithIdempotencyKey equal calls are one invocation with one result, and
// the client retries the call when the connection breaks. The server keeps results for a
// day unless the service says otherwise (restate.WithIdempotencyRetention). A failure is
// a result: a later try needs another key, which a route finds by itself ([Route].Forget).
// See
// https://docs.restate.dev/services/invocation/http.
func Call[T any, C restate.Context, I, O any](ctx context.Context, to Target[T], method func(T, C, I) (O, error), in I, opts ...RequestOption) (O, error) {
	return call[O](ctx, to, method, in, opts)
}

// CallVoid is [Call] for methods without a result. Other shapes: [Call], [Call0],
// [Call0Void].
func CallVoid[T any, C restate.Context, I any](ctx context.Context, to Target[T], method func(T, C, I) error, in I, opts ...RequestOption) error {
	_, err := call[restate.Void](ctx, to, method, in, opts)
	return err
}

// Call0 is [Call] for methods without input. Other shapes: [Call], [CallVoid],
// [Call0Void].
func Call0[T any, C restate.Context, O any](ctx context.Context, to Target[T], method func(T, C) (O, error), opts ...RequestOption) (O, error) {
	return call[O](ctx, to, method, restate.Void{}, opts)
}

// Call0Void is [Call] for methods without input and result. Other shapes: [Call], [CallVoid],
// [Call0].
func Call0Void[T any, C restate.Context](ctx context.Context, to Target[T], method func(T, C) error, opts ...RequestOption) error {
	_, err := call[restate.Void](ctx, to, method, restate.Void{}, opts)
	return err
}

func call[O, T any](ctx context.Context, to Target[T], method, in any, opts []RequestOption) (O, error) {
	c, err := resolve(to, method)
	if err != nil {
		var none O
		return none, err
	}
	return callTo[O](ctx, c, in, opts)
}

func callTo[O any](ctx context.Context, c callee, in any, opts []RequestOption) (O, error) {
	var none O
	o, err := collectRequest(opts)
	if err != nil {
		return none, fmt.Errorf("ingress: %s: %w", c.name(), err)
	}
	input, err := c.encode(in, o)
	if err != nil {
		return none, err
	}
	a, err := c.call(ctx, input, o)
	if o.response != nil {
		*o.response = a.response()
	}
	if err != nil {
		return none, err
	}
	return decode[O](c.name(), codecOr(o.output, c.output), a)
}

// call calls the handler and returns the answer as it is.
func (c callee) call(ctx context.Context, in payload, o requestOptions) (answer, error) {
	r, err := c.newRequest(verbCall, in, o)
	if err != nil {
		return answer{}, err
	}
	return c.client.do(ctx, r)
}
