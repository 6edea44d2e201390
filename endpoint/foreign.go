package endpoint

import (
	"errors"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/sdk"
	"github.com/fxrestate/go/pipeline"
)

// Foreign gives the handlers of a definition that was not made from a struct of
// ours (built by hand, by restate.Reflect or by generated code) the scope of an
// attempt. The result is a definition of its own with the same manifest; def stays
// as it is, so that several endpoints can serve it.
func Foreign(def restate.ServiceDefinition) restate.ServiceDefinition {
	def, _ = DefineForeign(pipeline.Pipeline{}, def)
	return def
}

// DefineForeign puts a pipeline around the handlers of a definition that was not made
// from a struct of ours (built by hand, by restate.Reflect or by generated code). Its
// members see the input decoded by the handler's own codec. The handler gets the body as
// it arrived, unless a pipe changed the input. Call interceptors also run around calls
// and sends that these handlers make with the SDK's own clients.
//
// The defaults are options that the definition has where it leaves them open: see
// [handler.Defaults]. A codec among them has no effect: the handlers were built with
// theirs, which is JSON where they name none. The result is a definition of its own: see [Foreign]. The error
// joins what is wrong with the pipeline, handlers that take a parameter object, which
// nothing would fill, types that encoding/json never takes, and pipes around a handler
// the type of whose input is not known: tell it with [handler.Typed].
func DefineForeign(p pipeline.Pipeline, def restate.ServiceDefinition, defaults ...restate.ServiceDefinitionOption) (restate.ServiceDefinition, error) {
	kind := kindOf(def)
	defaults, err := handler.Defaults(kind, defaults)
	if err != nil {
		return nil, err
	}
	def = sdk.WithDefaults(def, defaults)
	return sdk.Replace(def, func(h sdk.Foreign) (sdk.Handler, error) {
		target := handler.Target{
			Service: def.Name(), Handler: h.Name, Kind: kind, Mode: modeOf(h.Type),
			Metadata: h.Metadata, ServiceMetadata: sdk.Metadata(def),
		}
		body := foreignBody{h, target.String()}
		payloads := foreignPayloads{h}
		chain, err := p.Compile(target, body.method())
		if err := errors.Join(body.check(), payloads.check(target.String()), body.checkPipes(chain), err); err != nil {
			return nil, err
		}
		return served{describeOnce(payloads), chain}, nil
	})
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
	case "":
		return handler.Concurrent
	case "WORKFLOW":
		return handler.Run
	case "SHARED":
		return handler.Shared
	default:
		return handler.Exclusive
	}
}
