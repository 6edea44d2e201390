package endpoint

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/scope"
	"github.com/fxrestate/go/pipeline"
)

// foreignInput is the input of a handler that decodes it itself.
type foreignInput struct {
	target *pipeline.Target
	codec  encoding.Codec
	takes  reflect.Type // what the handler decodes into, or nil when unknown
}

// typed returns the type that the codec tells, or nil.
func (in foreignInput) typed() reflect.Type {
	if typer, ok := in.codec.(handler.InputTyper); ok {
		return typer.InputType()
	}
	return nil
}

// check reports an input that nothing fills as it is meant, and a codec that tells
// another type than the handler's.
func (in foreignInput) check() error {
	typed := in.typed()
	for _, t := range []reflect.Type{in.takes, typed} {
		if _, found := handler.FindIn(t); found {
			return fmt.Errorf("endpoint: %s takes a %s, with a handler.In whose tags nothing reads here; register a struct with this handler, or take out the handler.In", in.target, t)
		}
	}
	if typed != nil && in.takes != nil && typed != in.takes && !typed.Implements(reflect.TypeFor[encoding.RestateUnmarshaler]()) {
		return fmt.Errorf("endpoint: %s takes a %s, and its input codec tells that it is a %s; let it tell the same", in.target, in.takes, typed)
	}
	return nil
}

// method is the pipeline's view of the handler.
func (in foreignInput) method(call call) pipeline.Method {
	if in.typed() == nil {
		return pipeline.Method{Call: func(ctx restate.Context, input any) (any, error) {
			body, ok := input.([]byte)
			if !ok && input != nil {
				return nil, fmt.Errorf("endpoint: %s takes its body, a []byte, and a pipe made it a %T", in.target, input)
			}
			return call(scope.Mockable(ctx), body)
		}}
	}
	return pipeline.Method{
		Decode: func(inv *pipeline.Invocation) (any, error) {
			input, err := in.decode(inv.Body())
			if err != nil {
				err = fmt.Errorf("the body cannot be decoded into the input of %s (%s): %w", in.target, in.typed(), err)
				return nil, restate.ToTerminalError(err, restate.WithErrorCode(http.StatusBadRequest))
			}
			return input, nil
		},
		Call: func(ctx restate.Context, input any) (any, error) {
			body, err := in.encode(ctx.Request().Body, input)
			if err != nil {
				return nil, fmt.Errorf("endpoint: the input of %s: %w", in.target, err)
			}
			return call(scope.Mockable(ctx), body)
		},
	}
}

func (in foreignInput) decode(body []byte) (any, error) {
	v := reflect.New(in.typed())
	if err := encoding.Unmarshal(in.codec, body, v.Interface()); err != nil {
		return nil, err
	}
	return v.Elem().Interface(), nil
}

// encode makes the handler's body of what the pipeline made of the input. It is
// the body as it arrived, byte for byte, unless the input is another: what no
// field takes, and how something was written, stay as they were. A pipe may have
// changed the input in place, so it is compared with what the body says.
func (in foreignInput) encode(arrived []byte, input any) ([]byte, error) {
	if original, err := in.decode(arrived); err == nil && reflect.DeepEqual(original, input) {
		return arrived, nil
	}
	switch {
	case input == nil:
		return nil, errors.New("a pipe returned nothing; it must return the input that it does not change")
	case !reflect.TypeOf(input).AssignableTo(in.typed()):
		return nil, fmt.Errorf("a pipe made the %s a %T, and it must keep the type", in.typed(), input)
	}
	return encoding.Marshal(in.codec, input)
}

// sdkPath is the package whose handlers can be copied without sharing anything
// that a probe changes.
var sdkPath = reflect.TypeFor[restate.ServiceDefinition]().PkgPath()

// shallowCopy copies a handler of the SDK with its options.
func shallowCopy[H any](h H) (copied H, ok bool) {
	v := reflect.ValueOf(h)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct || v.Type().Elem().PkgPath() != sdkPath {
		return copied, false
	}
	c := reflect.New(v.Type().Elem())
	c.Elem().Set(v.Elem())
	return c.Interface().(H), true
}

// typeProbe is a codec by which a handler shows the type of its input or result: it
// is asked for a schema.
type typeProbe struct {
	asked  reflect.Type // nil also for an interface
	called bool
}

// of returns the type that describe asks about, or nil for one that describes
// itself.
func (p *typeProbe) of(describe func()) (t reflect.Type) {
	// A type that describes itself may not do so on a nil pointer.
	defer func() {
		if recover() != nil {
			t = nil
		}
	}()
	describe()
	return p.asked
}

func (p *typeProbe) ContentType() string { return "" }

func (p *typeProbe) JsonSchema(v any) any {
	p.asked, p.called = reflect.TypeOf(v), true
	return nil
}

func (p *typeProbe) Marshal(any) ([]byte, error) {
	return nil, errors.New("endpoint: a probe encodes nothing")
}

func (p *typeProbe) Unmarshal([]byte, any) error {
	return errors.New("endpoint: a probe decodes nothing")
}
