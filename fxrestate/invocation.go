package fxrestate

import (
	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/internal/sdkoption"
)

// Invocation is an invocation that was sent: [Send] returns it, and
// [InvocationByID] at another time. O is its result.
type Invocation[O any] struct {
	sent  restate.Invocation
	id    string
	codec encoding.Codec
}

// InvocationByID returns the invocation with an id that [Invocation.ID] told, in
// another handler or at another time. Its result is read by the codec of the
// options (restate.WithCodec and the like), by default as JSON.
func InvocationByID[O any](id string, opts ...restate.AttachOption) Invocation[O] {
	return Invocation[O]{id: id, codec: sdkoption.Collect(restate.AttachOption.BeforeAttach, opts).Codec}
}

// ID returns the invocation's id. After a [Send] it waits until the server has
// told it, in the way in which durable operations wait: the attempt may be
// suspended.
func (i Invocation[O]) ID() string {
	if i.sent == nil {
		return i.id
	}
	return i.sent.GetInvocationId()
}

// Attach waits for the invocation's result. A failure of its handler is a
// restate.TerminalError with its code.
func (i Invocation[O]) Attach(ctx restate.Context) (O, error) {
	codec := i.codec
	if codec == nil {
		codec = encoding.JSONCodec
	}
	out, failure := restate.AttachInvocation[O](ctx, i.ID(), restate.WithCodec(codec)).Response()
	if failure != nil {
		var none O
		return none, failure
	}
	return out, nil
}

// Cancel asks the invocation to stop. It goes on until it next waits for
// something, which then fails as [IsCancelled] tells
// (https://docs.restate.dev/services/invocation/managing-invocations).
func (i Invocation[O]) Cancel(ctx restate.Context) { restate.CancelInvocation(ctx, i.ID()) }
