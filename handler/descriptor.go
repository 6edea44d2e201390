package handler

import (
	"cmp"
	"fmt"
	"net/http"
	"reflect"
	"slices"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/internal/safeerr"
)

// Descriptor describes a service: its name, kind and handlers. [Spec.Describe]
// makes it from a struct type, without an instance. It must not be changed
// afterwards.
type Descriptor struct {
	// Name of the service on the wire.
	Name string
	// Kind of the service.
	Kind Kind
	// Type is the struct as it was registered, for instance *shop.Payments.
	Type reflect.Type
	// Position is where the service was registered, as "main.go:12", or empty.
	Position string
	// Methods are the handlers, sorted by their name on the wire.
	Methods []*Method
	// Options of the SDK for the service definition, defaults included, in the
	// order in which they apply.
	Options []restate.ServiceDefinitionOption
	// Metadata of the service, from the options.
	Metadata map[string]string
	// Plain has a note on each exported method of the struct's own that is not excluded
	// and takes a context.Context or a restate.RunContext, or a context of the SDK after
	// another parameter. Such a method is not a handler, and may have been meant as one.
	Plain []*Problem

	named bool // the registration gave the name
}

// String returns the service's name and type, for error messages.
func (d *Descriptor) String() string {
	return fmt.Sprintf("%s %s (%s)", d.Kind, d.Name, typeName(d.Type))
}

// Method returns the handler with the given name on the wire.
func (d *Descriptor) Method(name string) (*Method, bool) {
	i, ok := slices.BinarySearchFunc(d.Methods, name, func(m *Method, name string) int {
		return cmp.Compare(m.Name, name)
	})
	if !ok {
		return nil, false
	}
	return d.Methods[i], true
}

// Resolve finds the handler that a method expression such as (*Cart).AddItem names.
// The error says why it is not a handler of this service.
func (d *Descriptor) Resolve(method any) (*Method, error) {
	e, err := parseExpression(method)
	if err != nil {
		return nil, fmt.Errorf("handler: %w", err)
	}
	if base(e.receiver) != base(d.Type) {
		return nil, fmt.Errorf("handler: %s.%s is not a method of %s", typeName(e.receiver), e.method, typeName(d.Type))
	}
	return d.resolve(e)
}

func (d *Descriptor) resolve(e expression) (*Method, error) {
	m, ok := d.methodByGoName(e.method)
	if !ok {
		return nil, &Problem{
			Type: e.receiver, Method: e.method, Position: methodPosition(e.receiver, e.method),
			Reason: fmt.Sprintf("is not a handler of %s", d.Name),
			Fix:    fmt.Sprintf("let it take a %s first, and do not exclude it", d.Kind.contexts()),
		}
	}
	return m, nil
}

// methodByGoName returns the handler of a method.
func (d *Descriptor) methodByGoName(name string) (*Method, bool) {
	i := slices.IndexFunc(d.Methods, func(m *Method) bool { return m.GoName == name })
	if i < 0 {
		return nil, false
	}
	return d.Methods[i], true
}

// Check returns a [Problem] if instance, the constructed struct, does not match the
// descriptor: it is nil, or its ServiceName differs from that of the zero value.
// Typed clients use the name of the zero value.
func (d *Descriptor) Check(instance any) error {
	v := reflect.ValueOf(instance)
	if !v.IsValid() || (v.Kind() == reflect.Pointer && v.IsNil()) {
		return &Problem{
			Type: d.Type, Position: d.Position,
			Reason: "the constructor returned nil",
			Fix:    "return a value, or an error with it",
		}
	}
	if n, ok := instance.(serviceNamer); ok && !d.named {
		if got := n.ServiceName(); got != d.Name {
			return &Problem{
				Type: d.Type, Method: "ServiceName", Position: methodPosition(d.Type, "ServiceName"),
				Reason: fmt.Sprintf("returns %q here and %q on a zero value, so clients cannot know the name", got, d.Name),
				Fix:    "return a constant, or give the name with the registration",
			}
		}
	}
	return nil
}

// Method is one handler of a service.
type Method struct {
	// Name of the handler on the wire.
	Name string
	// GoName is the name of the method.
	GoName string
	// Mode of the handler.
	Mode Mode
	// Input is the type of the method's input, or nil if it has none.
	Input reflect.Type
	// Output is the type of the method's result, or nil if it has none.
	Output reflect.Type
	// InputCodec and OutputCodec encode the input and the output.
	InputCodec, OutputCodec encoding.Codec
	// Options of the SDK for the handler, in the order in which they apply.
	Options []restate.HandlerOption
	// Metadata of the handler, from the options.
	Metadata map[string]string
	// Position is where the method is written, as "payments.go:41", or empty.
	Position string

	target        Target
	role          role
	fn            reflect.Value // the method with its receiver as first parameter
	receiver      reflect.Value // of a method that is bound
	hasError      bool
	binder        *binder // of a parameter object, else nil
	clientOptions []restate.ClientOption
}

// Target returns the description of the handler that all packages share.
func (m *Method) Target() *Target { return &m.target }

// Bind returns a copy of the method with a receiver, an instance of the service's
// struct. Only a bound method can be called.
func (m *Method) Bind(receiver any) *Method {
	bound := *m
	bound.receiver = reflect.ValueOf(receiver)
	return &bound
}

// Decode makes the method's input from an invocation: the decoded body, or a parameter
// object (see [In]). If the method has no input, Decode returns nil. It ignores a body
// then, unless a request to the ingress declares one. The error is terminal, with code
// 400, and wraps that of the codec.
func (m *Method) Decode(src Source) (any, error) {
	if err := m.checkNoBody(src); err != nil {
		return nil, err
	}
	input, err := m.decode(src)
	if err != nil {
		err = fmt.Errorf("the body cannot be decoded into the input of %s (%s): %w", &m.target, m.Input, safeerr.Of(err))
		return nil, restate.ToTerminalError(err, restate.WithErrorCode(http.StatusBadRequest))
	}
	return input, nil
}

func (m *Method) decode(src Source) (any, error) {
	switch {
	case m.Input == nil:
		return nil, nil
	case m.binder == nil:
		in := reflect.New(m.Input)
		if err := encoding.Unmarshal(m.InputCodec, src.Body(), in.Interface()); err != nil {
			return nil, err
		}
		return in.Elem().Interface(), nil
	}
	object, err := m.binder.bind(m.InputCodec, src)
	if err != nil {
		return nil, err
	}
	if m.Input.Kind() == reflect.Pointer {
		return object.Interface(), nil
	}
	return object.Elem().Interface(), nil
}

// Call calls the method with the handler's context. The method must be bound. The input
// must have the type that [Method.Decode] returns; any other type is an error. The
// result is nil if the method has none or returned an error.
func (m *Method) Call(ctx restate.Context, input any) (any, error) {
	if !m.receiver.IsValid() {
		return nil, fmt.Errorf("handler: %s has no receiver; bind it to one", &m.target)
	}
	own, ok := m.role.argument(ctx)
	if !ok {
		return nil, fmt.Errorf("handler: %s takes a %s, and was given a %T; derive contexts with restate.WithValue or restate.WrapContext", m.GoName, m.role.context, ctx)
	}
	args := [3]reflect.Value{m.receiver, own}
	n := 2
	if m.Input != nil {
		in, err := m.argument(input)
		if err != nil {
			return nil, err
		}
		args[2] = in
		n = 3
	}
	out := m.fn.Call(args[:n])
	if m.hasError {
		if err, _ := out[len(out)-1].Interface().(error); err != nil {
			return nil, err
		}
	}
	if m.Output == nil {
		return nil, nil
	}
	return out[0].Interface(), nil
}

// argument converts the input to an argument of the method.
func (m *Method) argument(input any) (reflect.Value, error) {
	if input == nil {
		if !canBeNil(m.Input) {
			return reflect.Value{}, fmt.Errorf("handler: %s takes a %s, and was given nothing; a pipe must return the input that it does not change", m.GoName, m.Input)
		}
		return reflect.Zero(m.Input), nil
	}
	v := reflect.ValueOf(input)
	if !v.Type().AssignableTo(m.Input) {
		return reflect.Value{}, fmt.Errorf("handler: %s takes a %s, and was given a %s; a pipe must keep the type of the input", m.GoName, m.Input, v.Type())
	}
	return v, nil
}

func canBeNil(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Slice, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return true
	default:
		return false
	}
}

// Encode encodes a method's result. The encoding is empty if the method has no result.
// The error is not terminal, because a new version of the program can fix it.
func (m *Method) Encode(result any) ([]byte, error) {
	if m.Output == nil {
		return nil, nil
	}
	encoded, err := encoding.Marshal(m.OutputCodec, result)
	if err != nil {
		return nil, fmt.Errorf("handler: the result of %s (%s) cannot be encoded: %w", &m.target, m.Output, safeerr.Of(err))
	}
	return encoded, nil
}

// InputPayload describes the input for discovery: see the function InputPayload.
func (m *Method) InputPayload() *encoding.InputPayload {
	return InputPayload(m.InputCodec, m.bodyType())
}

// OutputPayload describes the output for discovery: see the function OutputPayload.
func (m *Method) OutputPayload() *encoding.OutputPayload {
	return OutputPayload(m.OutputCodec, m.Output)
}

// bodyType returns the type that describes the body, or nil if there is none.
func (m *Method) bodyType() reflect.Type {
	if m.binder != nil {
		return m.binder.body
	}
	return m.Input
}

// sample returns a value from which codecs describe a type: the zero value, but
// never a nil pointer to a type that describes itself.
func sample(t reflect.Type) any {
	switch {
	case t == nil:
		return restate.Void{}
	case t.Kind() == reflect.Pointer && selfCoding(t):
		return reflect.New(t.Elem()).Interface()
	default:
		return reflect.Zero(t).Interface()
	}
}

// ClientOptions returns the SDK's options for a client that uses the handler's
// codecs. The caller may append to the slice.
func (m *Method) ClientOptions() []restate.ClientOption {
	return m.clientOptions[:len(m.clientOptions):len(m.clientOptions)]
}
