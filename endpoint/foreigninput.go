package endpoint

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"

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

var _ pipeline.BodyMethod = foreignBody{}

// told returns the type that the input codec tells, or nil.
func (h foreignBody) told() reflect.Type {
	if typer, ok := h.InputCodec.(handler.InputTyper); ok {
		return typer.InputType()
	}
	return nil
}

// typed returns the type of the input, Void if there is none, and nil if it is not known.
func (h foreignBody) typed() reflect.Type {
	if told := h.told(); told != nil {
		return told
	}
	return h.Input
}

// check reports an input that nothing fills as it is meant, and a codec that tells
// another type than the handler's.
func (h foreignBody) check() error {
	told, takes := h.told(), h.Takes.Type
	for _, t := range []reflect.Type{takes, told} {
		if _, found := handler.FindIn(t); found {
			return fmt.Errorf("endpoint: %s takes a %s, with a handler.In whose tags nothing reads here; register a struct with this handler, or take out the handler.In", h.target, t)
		}
	}
	if told != nil && takes != nil && told != takes && !told.Implements(reflect.TypeFor[encoding.RestateUnmarshaler]()) {
		return fmt.Errorf("endpoint: %s takes a %s, and its input codec tells that it is a %s; let it tell the same", h.target, takes, told)
	}
	return nil
}

// checkPipes reports pipes that would see a body that is not decoded. A pipe that looks
// for its type would do nothing then. There is no chain after a mistake in its members.
func (h foreignBody) checkPipes(chain *pipeline.Chain) error {
	if h.typed() != nil || chain == nil {
		return nil
	}
	if !slices.ContainsFunc(chain.Members(), func(m pipeline.Member) bool { return m.Stage == "pipe" }) {
		return nil
	}
	return fmt.Errorf("endpoint: %s has pipes, and the type of its input is not known; tell it with restate.WithInputCodec(handler.Typed[T](codec)) where the handler is built, or attach the pipes elsewhere", h.target)
}

// method is the handler inside its pipeline.
func (h foreignBody) method() pipeline.Method {
	switch typed := h.typed(); typed {
	case nil:
		return h
	case reflect.TypeFor[restate.Void]():
		return foreignVoid{h}
	default:
		return foreignInput{h, typed}
	}
}

// Decode returns the body: the type is not known.
func (foreignBody) Decode(src handler.Source) (any, error) { return src.Body(), nil }

func (h foreignBody) Call(ctx restate.Context, _ any) (any, error) { return h.CallBody(ctx) }

// CallBody calls the handler with the body as it arrived.
func (h foreignBody) CallBody(ctx restate.Context) (any, error) {
	return h.Foreign.Call(sdk.Mockable(ctx), ctx.Request().Body)
}

func (foreignBody) Encode(result any) ([]byte, error) {
	return pipeline.MethodFunc(nil).Encode(result)
}

// foreignVoid is a handler without input.
type foreignVoid struct{ foreignBody }

func (foreignVoid) Decode(handler.Source) (any, error) { return nil, nil }

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
