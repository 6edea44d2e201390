package endpoint

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/sdk"
	"github.com/fxrestate/go/pipeline"
)

// foreignBody is a handler that decodes its body itself.
type foreignBody struct {
	sdk.Foreign
	target string
}

// typed returns the type that the input codec tells, or nil.
func (h foreignBody) typed() reflect.Type {
	if typer, ok := h.InputCodec.(handler.InputTyper); ok {
		return typer.InputType()
	}
	return nil
}

// check reports an input that nothing fills as it is meant, and a codec that tells
// another type than the handler's.
func (h foreignBody) check() error {
	typed, takes := h.typed(), h.Takes.Type
	for _, t := range []reflect.Type{takes, typed} {
		if _, found := handler.FindIn(t); found {
			return fmt.Errorf("endpoint: %s takes a %s, with a handler.In whose tags nothing reads here; register a struct with this handler, or take out the handler.In", h.target, t)
		}
	}
	if typed != nil && takes != nil && typed != takes && !typed.Implements(reflect.TypeFor[encoding.RestateUnmarshaler]()) {
		return fmt.Errorf("endpoint: %s takes a %s, and its input codec tells that it is a %s; let it tell the same", h.target, takes, typed)
	}
	return nil
}

// method is the handler inside its pipeline.
func (h foreignBody) method() pipeline.Method {
	if typed := h.typed(); typed != nil {
		return foreignInput{h, typed}
	}
	return pipeline.MethodFunc(func(ctx restate.Context, input any) (any, error) {
		body, ok := input.([]byte)
		if !ok && input != nil {
			return nil, fmt.Errorf("endpoint: %s takes its body, a []byte, and a pipe made it a %T", h.target, input)
		}
		return h.Foreign.Call(sdk.Mockable(ctx), body)
	})
}

// foreignInput is a handler that decodes its body itself, of whose input the pipeline
// knows the type.
type foreignInput struct {
	foreignBody
	typ reflect.Type
}

func (h foreignInput) Decode(src handler.Source) (any, error) {
	input, err := h.decode(src.Body())
	if err != nil {
		err = fmt.Errorf("the body cannot be decoded into the input of %s (%s): %w", h.target, h.typ, err)
		return nil, restate.ToTerminalError(err, restate.WithErrorCode(http.StatusBadRequest))
	}
	return input, nil
}

func (h foreignInput) Call(ctx restate.Context, input any) (any, error) {
	body, err := h.encode(ctx.Request().Body, input)
	if err != nil {
		return nil, fmt.Errorf("endpoint: the input of %s: %w", h.target, err)
	}
	return h.Foreign.Call(sdk.Mockable(ctx), body)
}

func (foreignInput) Encode(result any) ([]byte, error) {
	return pipeline.MethodFunc(nil).Encode(result)
}

func (h foreignInput) decode(body []byte) (any, error) {
	v := reflect.New(h.typ)
	if err := encoding.Unmarshal(h.InputCodec, body, v.Interface()); err != nil {
		return nil, err
	}
	return v.Elem().Interface(), nil
}

// encode makes the handler's body of what the pipeline made of the input. It is
// the body as it arrived, byte for byte, unless the input is another: what no
// field takes, and how something was written, stay as they were. A pipe may have
// changed the input in place, so it is compared with what the body says.
func (h foreignInput) encode(arrived []byte, input any) ([]byte, error) {
	if original, err := h.decode(arrived); err == nil && reflect.DeepEqual(original, input) {
		return arrived, nil
	}
	switch {
	case input == nil:
		return nil, errors.New("a pipe returned nothing; it must return the input that it does not change")
	case !reflect.TypeOf(input).AssignableTo(h.typ):
		return nil, fmt.Errorf("a pipe made the %s a %T, and it must keep the type", h.typ, input)
	}
	return encoding.Marshal(h.InputCodec, input)
}
