package sdk

import (
	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
)

// Handler is a handler of ours, which the SDK serves: one attempt of an invocation,
// and what discovery is told.
type Handler interface {
	// Call runs one attempt: the body in, the encoded result out.
	Call(ctx restate.MockableContext, body []byte) ([]byte, error)
	InputPayload() *encoding.InputPayload
	OutputPayload() *encoding.OutputPayload
}

// sdkHandler is the SDK's internal handler interface. Its options and its handler
// type have no public names: Go infers them where a handler of the SDK is given.
type sdkHandler[O, H any] interface {
	Handler
	GetOptions() O
	HandlerType() H
}

// adapted is a handler of the SDK's with the options and the type of one, and the
// calls and payloads of another.
type adapted[O, H any] struct {
	sdkHandler[O, H]
	own Handler
}

// Adapt makes a handler of ours one of the SDK's, with the options and the type of
// base.
func Adapt[O, H any](base sdkHandler[O, H], own Handler) *adapted[O, H] {
	return &adapted[O, H]{base, own}
}

func (a *adapted[O, H]) Call(ctx restate.MockableContext, body []byte) ([]byte, error) {
	return a.own.Call(ctx, body)
}

func (a *adapted[O, H]) InputPayload() *encoding.InputPayload   { return a.own.InputPayload() }
func (a *adapted[O, H]) OutputPayload() *encoding.OutputPayload { return a.own.OutputPayload() }
func (a *adapted[O, H]) ours() Handler                          { return a.own }

// Ours returns the handler of ours that [Adapt] made h of, or nil.
func Ours(h any) Handler {
	if a, ok := h.(interface{ ours() Handler }); ok {
		return a.ours()
	}
	return nil
}
