package endpoint

import (
	"context"
	"fmt"
	"net/http"
	"reflect"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/safeerr"
	"github.com/fxrestate/go/internal/scope"
	"github.com/fxrestate/go/pipeline"
)

// Pipeline is what runs around the handlers of a service. The zero Pipeline lets
// them run as they are.
type Pipeline struct {
	// Global and Service are the stages of all services and of this one.
	Global, Service pipeline.Stages
	// Groups are the stages of the groups that this one stands in, outermost first.
	Groups []pipeline.Stages
	// Handlers are the stages of single handlers, by their names on the wire.
	Handlers map[string]pipeline.Stages
	// ServiceValues and Values are what [pipeline.MetadataOf] finds.
	ServiceValues []any
	Values        map[string][]any
	// WithoutGuards, WithoutInterceptors and WithoutFilters switch stages off.
	WithoutGuards, WithoutInterceptors, WithoutFilters bool
}

// chain composes the chain of a handler.
func (p Pipeline) chain(target pipeline.Target, m pipeline.Method) (*pipeline.Chain, error) {
	target.ServiceValues, target.Values = p.ServiceValues, p.Values[target.Handler]
	return pipeline.Compile(pipeline.Config{
		Target:              target,
		Method:              m,
		Global:              p.Global,
		Groups:              p.Groups,
		Service:             p.Service,
		Handler:             p.Handlers[target.Handler],
		WithoutGuards:       p.WithoutGuards,
		WithoutInterceptors: p.WithoutInterceptors,
		WithoutFilters:      p.WithoutFilters,
		Replaying:           replaying,
	})
}

func replaying(ctx restate.Context) bool {
	s, err := scope.Find(context.Context(ctx))
	return err == nil && s.Replaying()
}

// run makes the call of a chain: each opens a scope, runs an attempt in it, and
// closes it before the SDK takes back what is behind its context.
func run(chain *pipeline.Chain, target *scope.Target) call {
	open := scope.Opener[pipeline.Invocation]()
	return func(sdk restate.MockableContext, _ []byte) ([]byte, error) {
		ctx, inv := open(sdk, target)
		var abort context.CancelFunc
		if h := hintFrom(sdk); h != nil {
			h.inv.Store(inv)
			abort = h.abort
		}
		defer scope.Close(ctx, abort)
		out, err := chain.Run(restate.WithMockContext(ctx), inv)
		return out, inv.ForSDK(err)
	}
}

// Chains returns what runs around each handler, sorted by service and handler, for
// people to read: each has a method String.
func (e *Endpoint) Chains() []*pipeline.Chain {
	chains := make([]*pipeline.Chain, len(e.piped))
	for i, h := range e.piped {
		chains[i] = h.Chain()
	}
	return chains
}

// pipelineKind is the pipeline's word for a kind and a mode.
func pipelineKind(kind handler.Kind, mode handler.Mode) pipeline.Kind {
	switch {
	case kind == handler.Object && mode == handler.Shared:
		return pipeline.KindObjectShared
	case kind == handler.Object:
		return pipeline.KindObject
	case kind == handler.Workflow && mode == handler.Shared:
		return pipeline.KindWorkflowShared
	case kind == handler.Workflow:
		return pipeline.KindWorkflow
	default:
		return pipeline.KindService
	}
}

// method is the pipeline's view of a handler method.
func method(d *handler.Descriptor, m *handler.Method, receiver reflect.Value) pipeline.Method {
	argument := argumentOf(d.Kind, m.Mode)
	return pipeline.Method{
		Decode: func(inv *pipeline.Invocation) (any, error) {
			in, err := m.Bind(inv)
			if err != nil {
				err = fmt.Errorf("the body cannot be decoded into the input of %s/%s (%s): %w", d.Name, m.Name, m.Input, safeerr.Of(err))
				return nil, restate.ToTerminalError(err, restate.WithErrorCode(http.StatusBadRequest))
			}
			return in, nil
		},
		Call: func(ctx restate.Context, input any) (any, error) {
			return m.Call(receiver, argument(ctx), input)
		},
		Encode: func(result any) ([]byte, error) {
			encoded, err := m.Encode(result)
			if err != nil {
				// Not terminal: a new version of the program can mend it.
				return nil, fmt.Errorf("endpoint: the result of %s/%s (%s) cannot be encoded: %w", d.Name, m.Name, m.Output, safeerr.Of(err))
			}
			return encoded, nil
		},
	}
}

// argumentOf returns what makes a context the argument of a method.
func argumentOf(kind handler.Kind, mode handler.Mode) func(restate.Context) reflect.Value {
	switch pipelineKind(kind, mode) {
	case pipeline.KindObject:
		return argument[restate.ObjectContext]
	case pipeline.KindObjectShared:
		return argument[restate.ObjectSharedContext]
	case pipeline.KindWorkflow:
		return argument[restate.WorkflowContext]
	case pipeline.KindWorkflowShared:
		return argument[restate.WorkflowSharedContext]
	default:
		return argument[restate.Context]
	}
}

// argument gives a context the very type of the method's parameter. For any other
// type reflect compares the methods of both, in each call, which takes longer than
// all the rest of an empty pipeline.
func argument[C restate.Context](ctx restate.Context) reflect.Value {
	own, ok := ctx.(C)
	if !ok {
		return reflect.ValueOf(ctx) // of which the method says what is wrong
	}
	return reflect.ValueOf(&own).Elem()
}
