package fxrestate

import (
	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
)

// Invocation is an invocation that was sent: [Send] returns it. O is its result.
type Invocation[O any] struct {
	sent  restate.Invocation
	codec encoding.Codec
}

// ID returns the invocation's id. It waits until the server has told it, in the
// way in which durable operations wait: the attempt may be suspended.
func (i Invocation[O]) ID() string { return i.sent.GetInvocationId() }

// Attach waits for the invocation's result. A failure of its handler is a
// restate.TerminalError with its code.
func (i Invocation[O]) Attach(ctx restate.Context) (O, error) {
	out, failure := restate.AttachInvocation[O](ctx, i.ID(), restate.WithCodec(i.codec)).Response()
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
