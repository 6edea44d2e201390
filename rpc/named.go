package rpc

import (
	"fmt"
	"unicode/utf8"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/handler"
)

// NamedHandler calls a handler by name from inside handlers: see [Named].
type NamedHandler[I, O any] struct{ to callee }

// Named returns a handler of a service without a Go type, such as one in another language
// or one whose name is known only at run time:
//
//	greet := rpc.Named[string, string]("Greeter", "greet")
//	text, err := greet.Call(ctx, "Ada")
//	total, err := rpc.Named[restate.Void, int]("cart", "total").Key(id).Call(ctx, restate.Void{})
//
// restate.Void stands for no input and for no result. Values are JSON unless
// [NamedHandler.With] says otherwise. Nothing checks the names and the types, and the
// server retries the caller for as long as it does not know the handler. Where the types
// are known, prefer a contract (fxrestate.RemoteService). A NamedHandler needs no client,
// and may be a variable of the package.
func Named[I, O any](service, handler string) NamedHandler[I, O] {
	return NamedHandler[I, O]{callee{
		handlerName: handlerName{service, handler},
		input:       encoding.JSONCodec,
		output:      encoding.JSONCodec,
	}}
}

// Key returns the handler of the virtual object with a key, or of the workflow
// with an id.
func (n NamedHandler[I, O]) Key(key string) NamedHandler[I, O] {
	n.to.kind, n.to.key = handler.Object, key
	return n
}

// With returns the handler with options of the SDK for each call, such as
// restate.WithCodec: see [Service.With].
func (n NamedHandler[I, O]) With(opts ...restate.ClientOption) NamedHandler[I, O] {
	n.to = n.to.with(opts)
	return n
}

// Call is the function [Call].
func (n NamedHandler[I, O]) Call(ctx restate.Context, in I, opts ...restate.RequestOption) (O, error) {
	if err := n.check(); err != nil {
		var none O
		return none, err
	}
	return callTo[O](ctx, n.to, in, opts)
}

// Start is the function [Start].
func (n NamedHandler[I, O]) Start(ctx restate.Context, in I, opts ...restate.RequestOption) (durable.Future[O], error) {
	if err := n.check(); err != nil {
		return durable.Future[O]{}, err
	}
	return startTo[O](ctx, n.to, in, opts)
}

// Send is the function [Send].
func (n NamedHandler[I, O]) Send(ctx restate.Context, in I, opts ...restate.SendOption) (Handle[O], error) {
	if err := n.check(); err != nil {
		return Handle[O]{}, err
	}
	return sendOne[O](ctx, n.to, in, opts)
}

func (n NamedHandler[I, O]) check() error {
	switch {
	case n.to.service == "" || n.to.handler == "":
		return fmt.Errorf("rpc: %s/%s: the name of the service or handler is empty; make it with rpc.Named", n.to.service, n.to.handler)
	case !utf8.ValidString(n.to.String()):
		return fmt.Errorf("rpc: %q: the name of the service or handler is not valid UTF-8", n.to.handlerName)
	}
	return n.to.checkKey()
}
