package ingress

import (
	"context"
	"errors"
	"fmt"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
)

// NamedHandler calls a handler by name: see [Named].
type NamedHandler[I, O any] struct{ to callee }

// Named returns a handler of a service without a Go type, such as one in another
// language:
//
//	greet := ingress.Named[string, string](c, "Greeter", "greet")
//	text, err := greet.Call(ctx, "Ada")
//	total, err := ingress.Named[restate.Void, int](c, "cart", "total").Key(id).Call(ctx, restate.Void{})
//
// restate.Void stands for no input and for no result. Values are JSON unless
// [NamedHandler.With] says otherwise. Nothing checks the names and the types.
func Named[I, O any](c *Client, service, handler string) NamedHandler[I, O] {
	return NamedHandler[I, O]{callee{
		client:  c,
		service: service,
		handler: handler,
		input:   encoding.JSONCodec,
		output:  encoding.JSONCodec,
	}}
}

// Key returns the handler of the virtual object with a key, or of the workflow
// with an id.
func (n NamedHandler[I, O]) Key(key string) NamedHandler[I, O] {
	n.to.keyed, n.to.key = true, key
	return n
}

// With returns the handler with options of the SDK for each call, such as
// restate.WithScope and restate.WithCodec.
func (n NamedHandler[I, O]) With(opts ...restate.ClientOption) NamedHandler[I, O] {
	o := clientOptions{n.to.scope, n.to.input, n.to.output}.with(opts)
	n.to.scope, n.to.input, n.to.output = o.scope, o.input, o.output
	return n
}

// Call is the function [Call].
func (n NamedHandler[I, O]) Call(ctx context.Context, in I, opts ...RequestOption) (O, error) {
	if err := n.check(); err != nil {
		var none O
		return none, err
	}
	return callTo[O](ctx, n.to, in, opts)
}

// Send is the function [Send].
func (n NamedHandler[I, O]) Send(ctx context.Context, in I, opts ...SendOption) (Handle[O], error) {
	if err := n.check(); err != nil {
		return Handle[O]{}, err
	}
	return sendTo[O](ctx, n.to, in, opts)
}

// Lookup is the function [Lookup]. A handler with a key and without an idempotency key
// is the main handler of a workflow.
func (n NamedHandler[I, O]) Lookup(opts ...RequestOption) Handle[O] {
	if err := n.check(); err != nil {
		return Handle[O]{err: err}
	}
	o, _ := collectRequest(opts) // lookupIn reports what is wrong with them
	n.to.once = n.to.keyed && o.idempotencyKey == ""
	return lookupIn[O](n.to, opts)
}

func (n NamedHandler[I, O]) check() error {
	switch {
	case n.to.client == nil:
		return errNoClient
	case n.to.service == "" || n.to.handler == "":
		return fmt.Errorf("ingress: %s: %w", n.to.name(), errors.New("the name of the service or handler is empty"))
	}
	return n.to.checkKey()
}
