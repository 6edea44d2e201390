package endpoint

import (
	"errors"
	"reflect"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/scope"
	"github.com/fxrestate/go/pipeline"
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

// adapted is an adapter, whatever its types.
type adapted interface {
	Chain() *pipeline.Chain
	ready() (warnings []error, err error)
}

// adapter is a handler of the SDK whose call and payloads are ours.
type adapter[O, H any] struct {
	sdkHandler[O, H]
	description
	chain *pipeline.Chain
	call  call
}

func adapt[O, H any](base sdkHandler[O, H], d describer, c *pipeline.Chain, target *scope.Target) *adapter[O, H] {
	return &adapter[O, H]{
		sdkHandler: base, description: describeOnce(d), chain: c,
		call: run(c, target),
	}
}

// Chain returns what runs around the handler.
func (a *adapter[O, H]) Chain() *pipeline.Chain { return a.chain }

func (a *adapter[O, H]) InputPayload() *encoding.InputPayload   { return a.input().payload }
func (a *adapter[O, H]) OutputPayload() *encoding.OutputPayload { return a.output().payload }

func (a *adapter[O, H]) Call(ctx restate.MockableContext, body []byte) ([]byte, error) {
	return a.call(ctx, body)
}

// Definition makes the SDK's definition of a described service. Its discovery
// manifest is the one that restate.Reflect gives for the same struct and options,
// but for the JSON schemas, which say what encoding/json does with the types. The
// receiver is the instance whose methods are called.
func Definition(d *handler.Descriptor, receiver any) restate.ServiceDefinition {
	def, _ := Pipeline{}.Definition(d, receiver) // an empty pipeline has no mistakes
	return def
}

// Definition makes the SDK's definition of a described service, whose handlers run
// inside the pipeline: see the function Definition. The error joins what is wrong
// with the pipeline.
func (p Pipeline) Definition(d *handler.Descriptor, receiver any) (restate.ServiceDefinition, error) {
	var errs []error
	chain := func(m *handler.Method) *pipeline.Chain {
		target := pipeline.Target{
			Service: d.Name, Handler: m.Name, Kind: pipelineKind(d.Kind, m.Mode),
			Metadata: m.Metadata, ServiceMetadata: d.Metadata,
		}
		chain, err := p.chain(target, method(d, m, reflect.ValueOf(receiver)))
		if err != nil {
			errs = append(errs, err)
		}
		return chain
	}
	target := func(m *handler.Method) *scope.Target {
		return &scope.Target{Service: d.Name, Handler: m.Name, Kind: d.Kind, Mode: m.Mode}
	}
	var def restate.ServiceDefinition
	switch d.Kind {
	case handler.Object:
		object := restate.NewObject(d.Name, d.Options...)
		for _, m := range d.Methods {
			if m.Mode == handler.Shared {
				object.Handler(m.Name, adapt(restate.NewObjectSharedHandler[restate.Void, restate.Void](nil, m.Options...), m, chain(m), target(m)))
			} else {
				object.Handler(m.Name, adapt(restate.NewObjectHandler[restate.Void, restate.Void](nil, m.Options...), m, chain(m), target(m)))
			}
		}
		def = object
	case handler.Workflow:
		workflow := restate.NewWorkflow(d.Name, d.Options...)
		for _, m := range d.Methods {
			if m.Mode == handler.Shared {
				workflow.Handler(m.Name, adapt(restate.NewWorkflowSharedHandler[restate.Void, restate.Void](nil, m.Options...), m, chain(m), target(m)))
			} else {
				workflow.Handler(m.Name, adapt(restate.NewWorkflowHandler[restate.Void, restate.Void](nil, m.Options...), m, chain(m), target(m)))
			}
		}
		def = workflow
	default:
		service := restate.NewService(d.Name, d.Options...)
		for _, m := range d.Methods {
			service.Handler(m.Name, adapt(restate.NewServiceHandler[restate.Void, restate.Void](nil, m.Options...), m, chain(m), target(m)))
		}
		def = service
	}
	return def, errors.Join(errs...)
}
