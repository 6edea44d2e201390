package endpoint

import (
	"fmt"
	"net/http"
	"reflect"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/scope"
)

// call runs one attempt of an invocation: the body in, the encoded result out.
type call func(ctx restate.MockableContext, body []byte) ([]byte, error)

// sdkHandler is the SDK's internal handler interface. Its options and its handler
// type have no public names: Go infers them where a handler of the SDK is given.
type sdkHandler[O, H any] interface {
	GetOptions() O
	InputPayload() *encoding.InputPayload
	OutputPayload() *encoding.OutputPayload
	HandlerType() H
	Call(ctx restate.MockableContext, body []byte) ([]byte, error)
}

// payloads describes input and output to discovery.
type payloads interface {
	InputPayload() *encoding.InputPayload
	OutputPayload() *encoding.OutputPayload
}

// adapter is a handler of the SDK whose call and payloads are ours.
type adapter[O, H any] struct {
	sdkHandler[O, H]
	payloads payloads
	call     call
}

func adapt[O, H any](base sdkHandler[O, H], p payloads, c call) *adapter[O, H] {
	return &adapter[O, H]{sdkHandler: base, payloads: p, call: c}
}

func (a *adapter[O, H]) InputPayload() *encoding.InputPayload   { return a.payloads.InputPayload() }
func (a *adapter[O, H]) OutputPayload() *encoding.OutputPayload { return a.payloads.OutputPayload() }

func (a *adapter[O, H]) Call(ctx restate.MockableContext, body []byte) ([]byte, error) {
	return a.call(ctx, body)
}

// opener opens the scope of an attempt.
func opener() func(restate.MockableContext, *scope.Target) restate.MockableContext {
	return scope.NewFactory(restate.MockableContext.RunAsync).New
}

// Definition makes the SDK's definition of a described service. Its discovery
// manifest is the one that restate.Reflect gives for the same struct and options.
// The receiver is the instance whose methods are called.
func Definition(d *handler.Descriptor, receiver any) restate.ServiceDefinition {
	open := opener()
	calls := func(m *handler.Method) call { return methodCall(d, m, reflect.ValueOf(receiver), open) }
	switch d.Kind {
	case handler.Object:
		def := restate.NewObject(d.Name, d.Options...)
		for _, m := range d.Methods {
			if m.Mode == handler.Shared {
				def.Handler(m.Name, adapt(restate.NewObjectSharedHandler[restate.Void, restate.Void](nil, m.Options...), m, calls(m)))
			} else {
				def.Handler(m.Name, adapt(restate.NewObjectHandler[restate.Void, restate.Void](nil, m.Options...), m, calls(m)))
			}
		}
		return def
	case handler.Workflow:
		def := restate.NewWorkflow(d.Name, d.Options...)
		for _, m := range d.Methods {
			if m.Mode == handler.Shared {
				def.Handler(m.Name, adapt(restate.NewWorkflowSharedHandler[restate.Void, restate.Void](nil, m.Options...), m, calls(m)))
			} else {
				def.Handler(m.Name, adapt(restate.NewWorkflowHandler[restate.Void, restate.Void](nil, m.Options...), m, calls(m)))
			}
		}
		return def
	default:
		def := restate.NewService(d.Name, d.Options...)
		for _, m := range d.Methods {
			def.Handler(m.Name, adapt(restate.NewServiceHandler[restate.Void, restate.Void](nil, m.Options...), m, calls(m)))
		}
		return def
	}
}

// methodCall decodes the input, calls the method in the scope of the attempt and
// encodes its result.
func methodCall(d *handler.Descriptor, m *handler.Method, receiver reflect.Value, open func(restate.MockableContext, *scope.Target) restate.MockableContext) call {
	target := &scope.Target{Service: d.Name, Handler: m.Name, Kind: d.Kind, Mode: m.Mode}
	return func(ctx restate.MockableContext, body []byte) ([]byte, error) {
		in, err := m.Decode(body)
		if err != nil {
			err = fmt.Errorf("the body cannot be decoded into the input of %s/%s (%s): %w", d.Name, m.Name, m.Input, err)
			return nil, restate.ToTerminalError(err, restate.WithErrorCode(http.StatusBadRequest))
		}
		out, err := m.Call(receiver, reflect.ValueOf(restate.WithMockContext(open(ctx, target))), in)
		if err != nil {
			return nil, err
		}
		encoded, err := m.Encode(out)
		if err != nil {
			// Not terminal: a new version of the program can mend it.
			return nil, fmt.Errorf("endpoint: the result of %s/%s (%s) cannot be encoded: %w", d.Name, m.Name, m.Output, err)
		}
		return encoded, nil
	}
}

// Foreign gives the handlers of a definition that was not made from a struct of
// ours (built by hand, by restate.Reflect or by generated code) the scope of an
// attempt. The definition's manifest stays as it is; the definition is changed in
// place and returned.
func Foreign(def restate.ServiceDefinition) restate.ServiceDefinition {
	open := opener()
	kind := kindOf(def)
	handlers := def.Handlers()
	for name, h := range handlers {
		mode := handler.Concurrent
		if t := h.HandlerType(); t != nil {
			mode = modeOf(string(*t))
		}
		target := &scope.Target{Service: def.Name(), Handler: name, Kind: kind, Mode: mode}
		handlers[name] = adapt(h, h, func(ctx restate.MockableContext, body []byte) ([]byte, error) {
			return h.Call(open(ctx, target), body)
		})
	}
	return def
}

func kindOf(def restate.ServiceDefinition) handler.Kind {
	switch def.Type() {
	case restate.NewObject("").Type():
		return handler.Object
	case restate.NewWorkflow("").Type():
		return handler.Workflow
	default:
		return handler.Service
	}
}

// modeOf reads a handler type of the discovery manifest.
func modeOf(manifest string) handler.Mode {
	switch manifest {
	case "WORKFLOW":
		return handler.Run
	case "SHARED":
		return handler.Shared
	default:
		return handler.Exclusive
	}
}
