// Package shapes has a handler of each shape, of each kind of service, and the
// clients that were generated for them. A test in integration/calls runs every
// method of these clients.
package shapes

import (
	"maps"
	"sync"

	restate "github.com/restatedev/sdk-go"
)

//go:generate go run github.com/fxrestate/go/cmd/fxrestate gen

// VariantHeader is a header that the caller sends with an option. The ingress passes
// headers on in lower case.
const VariantHeader = "x-variant"

// In is the input of handlers that have one.
type In struct{ Name string }

// Out is the result of handlers that have one.
type Out struct{ Name string }

// Seen remembers which handlers ran, and which option they got.
type Seen struct {
	mu   sync.Mutex
	runs map[string]string
}

// add remembers a handler, as "ServiceShapes/Both".
func (s *Seen) add(ctx restate.Context, handler, input string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.runs == nil {
		s.runs = map[string]string{}
	}
	s.runs[handler+" "+ctx.Request().Headers.Get(VariantHeader)] = input
}

// Runs returns the input of each handler that ran, by "Service/Handler variant".
func (s *Seen) Runs() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.runs)
}

// ServiceShapes is a service.
type ServiceShapes struct{ seen *Seen }

// NewServiceShapes is the constructor of ServiceShapes.
func NewServiceShapes(seen *Seen) *ServiceShapes { return &ServiceShapes{seen} }

func (s *ServiceShapes) Both(ctx restate.Context, in In) (Out, error) {
	s.seen.add(ctx, "ServiceShapes/Both", in.Name)
	return Out(in), nil
}

func (s *ServiceShapes) InError(ctx restate.Context, in In) error {
	s.seen.add(ctx, "ServiceShapes/InError", in.Name)
	return nil
}

func (s *ServiceShapes) OutError(ctx restate.Context) (Out, error) {
	s.seen.add(ctx, "ServiceShapes/OutError", "")
	return Out{"none"}, nil
}

func (s *ServiceShapes) Error(ctx restate.Context) error {
	s.seen.add(ctx, "ServiceShapes/Error", "")
	return nil
}

// ObjectShapes is a virtual object.
type ObjectShapes struct{ seen *Seen }

// NewObjectShapes is the constructor of ObjectShapes.
func NewObjectShapes(seen *Seen) *ObjectShapes { return &ObjectShapes{seen} }

func (o *ObjectShapes) Both(ctx restate.ObjectContext, in In) (Out, error) {
	o.seen.add(ctx, "ObjectShapes/Both", in.Name)
	return Out(in), nil
}

func (o *ObjectShapes) InError(ctx restate.ObjectContext, in In) error {
	o.seen.add(ctx, "ObjectShapes/InError", in.Name)
	return nil
}

func (o *ObjectShapes) OutError(ctx restate.ObjectSharedContext) (Out, error) {
	o.seen.add(ctx, "ObjectShapes/OutError", "")
	return Out{"none"}, nil
}

func (o *ObjectShapes) Error(ctx restate.ObjectSharedContext) error {
	o.seen.add(ctx, "ObjectShapes/Error", "")
	return nil
}

// WorkflowShapes is a workflow.
type WorkflowShapes struct{ seen *Seen }

// NewWorkflowShapes is the constructor of WorkflowShapes.
func NewWorkflowShapes(seen *Seen) *WorkflowShapes { return &WorkflowShapes{seen} }

// Run is the main handler.
func (w *WorkflowShapes) Run(ctx restate.WorkflowContext, in In) (Out, error) {
	w.seen.add(ctx, "WorkflowShapes/Run", in.Name)
	return Out(in), nil
}

func (w *WorkflowShapes) InError(ctx restate.WorkflowSharedContext, in In) error {
	w.seen.add(ctx, "WorkflowShapes/InError", in.Name)
	return nil
}

func (w *WorkflowShapes) OutError(ctx restate.WorkflowSharedContext) (Out, error) {
	w.seen.add(ctx, "WorkflowShapes/OutError", "")
	return Out{"none"}, nil
}

func (w *WorkflowShapes) Error(ctx restate.WorkflowSharedContext) error {
	w.seen.add(ctx, "WorkflowShapes/Error", "")
	return nil
}
