package fxrestate

import (
	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/handler"
)

// Raw is an option of [Handler] for a handler that takes a []byte and decodes it
// itself: the server accepts a body of any content type for it, and none, so that
// the handler decides what becomes of a bad one. Without it the handler never sees
// what does not fit: the answer is 400. The result is encoded as ever. See
// [handler.RawCodec].
//
//	fxrestate.Handler((*Orders).Import, fxrestate.Raw())
func Raw() restate.HandlerOption { return restate.WithInputCodec(handler.RawCodec{}) }
