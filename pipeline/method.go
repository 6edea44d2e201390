package pipeline

import (
	"fmt"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/handler"
)

// Method is what a chain runs in the middle, and how its input and output are
// encoded. A bound [handler.Method] is one. Its methods are called by many goroutines.
type Method interface {
	// Decode reads the input from the invocation: its body, and its headers and key
	// where the input wants those too. An error is answered with a terminal one with
	// code 400. It must not call [Invocation.Input].
	Decode(src handler.Source) (any, error)
	// Call calls the handler with what the pipes made of the input.
	Call(ctx restate.Context, input any) (any, error)
	// Encode writes the result.
	Encode(result any) ([]byte, error)
}

var _ Method = (*handler.Method)(nil)

// BodyMethod is a [Method] that decodes its body itself, such as a handler of a foreign
// restate.ServiceDefinition. What it calls with the SDK's own clients meets the call
// interceptors too.
type BodyMethod interface {
	Method
	// CallBody calls the handler with the body as it arrived. It takes the place of
	// Decode and Call where there are no pipes.
	CallBody(ctx restate.Context) (any, error)
}

// MethodFunc is a [Method] made of a function, which takes the body as it is, a
// []byte, and returns a []byte or nothing.
type MethodFunc func(ctx restate.Context, input any) (any, error)

// Decode returns the body.
func (f MethodFunc) Decode(src handler.Source) (any, error) { return src.Body(), nil }

// Call calls f.
func (f MethodFunc) Call(ctx restate.Context, input any) (any, error) { return f(ctx, input) }

// Encode takes a []byte or nil.
func (f MethodFunc) Encode(result any) ([]byte, error) {
	if result == nil {
		return nil, nil
	}
	raw, ok := result.([]byte)
	if !ok {
		return nil, fmt.Errorf("the result is a %T, and this handler's must be encoded already, as []byte", result)
	}
	return raw, nil
}
