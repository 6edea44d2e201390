package pipeline

import (
	"slices"

	"github.com/fxrestate/go/handler"
)

// Pipeline is what runs around the handlers of a service. The zero Pipeline lets
// them run as they are.
type Pipeline struct {
	// Global and Service are the stages of all services and of this one.
	Global, Service Stages
	// Groups are the stages of the groups that this one stands in, outermost first.
	Groups []Stages
	// Handlers are the stages of single handlers, by their names on the wire.
	Handlers map[string]Stages
	// ServiceValues, and Values by the names of handlers, are what [MetadataOf] finds.
	ServiceValues []any
	Values        map[string][]any
	// Unguarded are the names of handlers that no guard is asked about.
	Unguarded []string
	// WithoutGuards, WithoutInterceptors and WithoutFilters switch stages off.
	WithoutGuards, WithoutInterceptors, WithoutFilters bool
}

// Compile composes the chain of one of the handlers: see the function Compile.
func (p Pipeline) Compile(target handler.Target, m Method) (*Chain, error) {
	target.ServiceValues, target.Values = p.ServiceValues, p.Values[target.Handler]
	return Compile(Config{
		Target: target, Method: m,
		Global: p.Global, Groups: p.Groups, Service: p.Service, Handler: p.Handlers[target.Handler],
		WithoutGuards: p.WithoutGuards || slices.Contains(p.Unguarded, target.Handler), WithoutInterceptors: p.WithoutInterceptors, WithoutFilters: p.WithoutFilters,
	})
}
