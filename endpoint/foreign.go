package endpoint

import (
	"errors"
	"maps"
	"slices"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/scope"
	"github.com/fxrestate/go/pipeline"
)

// Foreign gives the handlers of a definition that was not made from a struct of
// ours (built by hand, by restate.Reflect or by generated code) the scope of an
// attempt. The result is a definition of its own with the same manifest; def stays
// as it is, so that several endpoints can serve it.
func Foreign(def restate.ServiceDefinition) restate.ServiceDefinition {
	def, _ = Pipeline{}.Foreign(def)
	return def
}

// Foreign puts the pipeline around the handlers of a definition that was not made
// from a struct of ours (built by hand, by restate.Reflect or by generated code).
// Its members see the input undecoded, a []byte, unless the handler's input codec
// is a [handler.InputTyper]. The result is a definition of its own: see the
// function Foreign. The error joins what is wrong with the pipeline, handlers that
// take a parameter object, which nothing would fill, and types that encoding/json
// never takes.
func (p Pipeline) Foreign(def restate.ServiceDefinition) (restate.ServiceDefinition, error) {
	kind := kindOf(def)
	handlers := maps.Clone(def.Handlers())
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(handlers)) {
		h := handlers[name]
		mode := handler.Concurrent
		if t := h.HandlerType(); t != nil {
			mode = modeOf(string(*t))
		}
		target := pipeline.Target{
			Service: def.Name(), Handler: name, Kind: pipelineKind(kind, mode),
			Metadata: h.GetOptions().Metadata, ServiceMetadata: def.GetOptions().Metadata,
		}
		in := foreignInput{target: &target, codec: h.GetOptions().InputCodec}
		payloads := &foreignPayloads{describer: h, in: h.GetOptions().InputCodec, out: h.GetOptions().OutputCodec}
		if probed, ok := shallowCopy(h); ok {
			probed.GetOptions().InputCodec, probed.GetOptions().OutputCodec = &payloads.takes, &payloads.gives
			in.takes = payloads.takes.of(func() { probed.InputPayload() })
			payloads.gives.of(func() { probed.OutputPayload() })
		}
		chain, chainErr := p.chain(target, in.method(h.Call))
		if err := errors.Join(in.check(), payloads.check(&target), chainErr); err != nil {
			errs = append(errs, err)
			continue
		}
		handlers[name] = adapt(h, payloads, chain, &scope.Target{Service: def.Name(), Handler: name, Kind: kind, Mode: mode})
	}
	return withHandlers(def, handlers), errors.Join(errs...)
}

// copied is a definition with other handlers than the one inside.
type copied[H any] struct {
	restate.ServiceDefinition
	handlers map[string]H
}

// withHandlers infers the handlers' type, which has no public name.
func withHandlers[H any](def restate.ServiceDefinition, handlers map[string]H) *copied[H] {
	return &copied[H]{def, handlers}
}

func (c *copied[H]) Handlers() map[string]H { return c.handlers }

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
