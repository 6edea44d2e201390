package fxrestate

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/dashboard"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/event"
	"github.com/fxrestate/go/pipeline"
)

// seen is what the application remembers of itself, for the page.
type seen struct {
	failures   dashboard.Failures
	deployment atomic.Pointer[string] // the id that the endpoint is registered as
}

func (s *seen) observe(e event.Event) {
	switch e := e.(type) {
	case event.Registered:
		s.deployment.Store(&e.ID)
	case event.Unchanged:
		s.deployment.Store(&e.ID)
	}
}

func (s *seen) deploymentID() string {
	if id := s.deployment.Load(); id != nil {
		return *id
	}
	return ""
}

// beside returns an observer that does what another one does, and remembers failures. Each
// observer costs each attempt, so that this is not a second one.
func (s *seen) beside(o pipeline.Observer) pipeline.Observer { return remembering{o, &s.failures} }

type remembering struct {
	pipeline.Observer
	failures *dashboard.Failures
}

// String names the other one.
func (r remembering) String() string { return fmt.Sprintf("%T", r.Observer) }

func (r remembering) Panicked(ctx context.Context, inv *pipeline.Invocation, err *pipeline.PanicError) {
	r.failures.Panicked(ctx, inv, err)
	r.Observer.Panicked(ctx, inv, err)
}

func (r remembering) Ended(ctx context.Context, inv *pipeline.Invocation, end pipeline.Ending) {
	r.failures.Ended(ctx, inv, end)
	r.Observer.Ended(ctx, inv, end)
}

// newPage makes the page where something takes it.
func newPage(e *endpoint.Endpoint, client *admin.Client, h *Health, s *seen) *dashboard.Page {
	return dashboard.New(dashboard.Config{
		Admin: client, Endpoint: e, Failures: &s.failures,
		Ready: h.Ready, Live: h.Live, DeploymentID: s.deploymentID,
	})
}
