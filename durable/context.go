package durable

import (
	"context"
	"errors"
	"fmt"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/scope"
	"github.com/fxrestate/go/internal/sdk"
)

// The reasons why a context.Context has no Restate context, and why an operation with
// one is refused, for errors.Is.
var (
	// ErrNoInvocation says that the context does not descend from a handler's.
	ErrNoInvocation = scope.ErrNone
	// ErrInsideRun says that the code runs inside a restate.Run closure, where
	// durable operations would corrupt the journal.
	ErrInsideRun = sdk.ErrInsideRun
	// ErrReturned says that the handler has returned whose ctx it is. All that was
	// made with ctx is over as well: see "The context" in the package's documentation.
	ErrReturned = sdk.ErrReturned
	// ErrConcurrentUse says that an operation began while another one of the same
	// handler was under way on another goroutine.
	ErrConcurrentUse = sdk.ErrConcurrentUse
	// ErrInsideStage says that the code is a guard, a filter or an observer, which
	// cannot journal anything: a guard that has to is a
	// pipeline.DurableGuard.
	ErrInsideStage = errors.New("guards, filters and observers cannot use durable operations")
	// ErrWrongContext says that the handler has another kind of context.
	ErrWrongContext = errors.New("the handler has another kind of context")
)

// FromContext returns the Restate context that ctx descends from, for code below
// a handler that was handed a plain context.Context. The result has the values,
// the deadline and the cancellation of ctx: they reach the closures of
// restate.Run. A deadline does not cut durable waiting short, since that would
// not be the same on replay; race restate.After for that.
//
// The error wraps [ErrNoInvocation] outside a handler, [ErrInsideRun] inside the
// closure of a restate.Run, also when the closure took ctx from around it,
// [ErrReturned] when the handler has returned, and [ErrInsideStage] in a guard, a
// filter or an observer.
func FromContext(ctx context.Context) (restate.Context, error) {
	c, _, err := find(ctx)
	return c, err
}

// ObjectFromContext returns the context of an exclusive handler of a virtual
// object, which may write state. In a shared handler, and in every other kind,
// the error wraps [ErrWrongContext]; the SDK's own context would satisfy a type
// assertion there, and the first write would hang the invocation. For the other
// errors and what the context takes from ctx see [FromContext].
func ObjectFromContext(ctx context.Context) (restate.ObjectContext, error) {
	return typed[restate.ObjectContext](ctx, "restate.ObjectContext", func(t *handler.Target) bool {
		return t.Mode == handler.Exclusive
	})
}

// ObjectSharedFromContext returns the context of a handler of a virtual object or
// of a workflow, for reading state. In a service the error wraps
// [ErrWrongContext]. See [FromContext].
func ObjectSharedFromContext(ctx context.Context) (restate.ObjectSharedContext, error) {
	return typed[restate.ObjectSharedContext](ctx, "restate.ObjectSharedContext", func(t *handler.Target) bool {
		return t.Kind.Keyed()
	})
}

// WorkflowFromContext returns the context of a workflow's Run. In its other
// handlers, and in every other kind, the error wraps [ErrWrongContext]. See
// [FromContext].
func WorkflowFromContext(ctx context.Context) (restate.WorkflowContext, error) {
	return typed[restate.WorkflowContext](ctx, "restate.WorkflowContext", func(t *handler.Target) bool {
		return t.Mode == handler.Run
	})
}

// WorkflowSharedFromContext returns the context of any handler of a workflow, for
// its promises and for reading state. In every other kind the error wraps
// [ErrWrongContext]. See [FromContext].
func WorkflowSharedFromContext(ctx context.Context) (restate.WorkflowSharedContext, error) {
	return typed[restate.WorkflowSharedContext](ctx, "restate.WorkflowSharedContext", func(t *handler.Target) bool {
		return t.Kind == handler.Workflow
	})
}

func find(ctx context.Context) (restate.Context, *scope.Scope, error) {
	switch stage := scope.StageOf(ctx); stage {
	case "":
	case "observer":
		return nil, nil, fmt.Errorf("durable: in an observer: %w", ErrInsideStage)
	default:
		return nil, nil, fmt.Errorf("durable: in a %s: %w", stage, ErrInsideStage)
	}
	c, s, err := scope.Context(ctx)
	switch {
	case err == nil:
		return c, s, nil
	case errors.Is(err, ErrReturned):
		return nil, nil, err
	default:
		return nil, nil, fmt.Errorf("durable: %w", err)
	}
}

func typed[C restate.Context](ctx context.Context, name string, fits func(*handler.Target) bool) (C, error) {
	var none C
	c, s, err := find(ctx)
	if err != nil {
		return none, err
	}
	if t := s.Target(); !fits(t) {
		return none, fmt.Errorf("durable: %s/%s, a %s handler of a %s, has no %s: %w", t.Service, t.Handler, t.Mode, t.Kind, name, ErrWrongContext)
	}
	return c.(C), nil
}
