package endpoint

import (
	"errors"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/sdk"
	"github.com/fxrestate/go/pipeline"
)

// served is a handler as an endpoint serves it.
type served struct {
	description
	*pipeline.Chain
}

// Definition makes the SDK's definition of a described service. Its discovery
// manifest is the one that restate.Reflect gives for the same struct and options,
// but for two things: the JSON schemas say what encoding/json does with the types, and
// handlers without input accept an empty request that declares JSON, as the TypeScript
// client sends it. The receiver is the instance whose methods are called.
func Definition(d *handler.Descriptor, receiver any) restate.ServiceDefinition {
	def, _ := Define(pipeline.Pipeline{}, d, receiver) // an empty pipeline has no mistakes
	return def
}

// Define makes the SDK's definition of a described service, whose handlers run
// inside a pipeline: see [Definition]. The error joins what is wrong with the
// pipeline.
func Define(p pipeline.Pipeline, d *handler.Descriptor, receiver any) (restate.ServiceDefinition, error) {
	var errs []error
	own := func(m *handler.Method) sdk.Handler {
		chain, err := p.Compile(*m.Target(), m.Bind(receiver))
		if err != nil {
			errs = append(errs, err)
		}
		return served{describeOnce(tolerant{m}), chain}
	}
	var def restate.ServiceDefinition
	switch d.Kind {
	case handler.Object:
		object := restate.NewObject(d.Name, d.Options...)
		for _, m := range d.Methods {
			if m.Mode == handler.Shared {
				object.Handler(m.Name, sdk.Adapt(restate.NewObjectSharedHandler[restate.Void, restate.Void](nil, m.Options...), own(m)))
			} else {
				object.Handler(m.Name, sdk.Adapt(restate.NewObjectHandler[restate.Void, restate.Void](nil, m.Options...), own(m)))
			}
		}
		def = object
	case handler.Workflow:
		workflow := restate.NewWorkflow(d.Name, d.Options...)
		for _, m := range d.Methods {
			if m.Mode == handler.Shared {
				workflow.Handler(m.Name, sdk.Adapt(restate.NewWorkflowSharedHandler[restate.Void, restate.Void](nil, m.Options...), own(m)))
			} else {
				workflow.Handler(m.Name, sdk.Adapt(restate.NewWorkflowHandler[restate.Void, restate.Void](nil, m.Options...), own(m)))
			}
		}
		def = workflow
	default:
		service := restate.NewService(d.Name, d.Options...)
		for _, m := range d.Methods {
			service.Handler(m.Name, sdk.Adapt(restate.NewServiceHandler[restate.Void, restate.Void](nil, m.Options...), own(m)))
		}
		def = service
	}
	return def, errors.Join(errs...)
}
