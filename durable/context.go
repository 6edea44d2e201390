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

// The reasons why a context.Context has no Restate context, and why an operation with a
// Restate context fails. Ask for them with errors.Is.
var (
	// ErrNoInvocation says that the context does not descend from a handler's.
	ErrNoInvocation = scope.ErrNone
	// ErrInsideRun says that the code runs inside the closure of a restate.Run, of a
	// restate.RunAsync or of a [Step], where durable operations would corrupt the
	// journal: they work until the first replay, and then never again (code 570).
	ErrInsideRun = sdk.ErrInsideRun
	// ErrReturned says that the handler has returned. Its ctx, and everything made
	// with it, cannot be used any more: see "The context" in the package's
	// documentation.
	ErrReturned = sdk.ErrReturned
	// ErrConcurrentUse says that an operation began while another one of the same
	// handler was under way on another goroutine.
	ErrConcurrentUse = sdk.ErrConcurrentUse
	// ErrInsideStage says that the code is a guard, a filter or an observer, which must
	// not journal anything. A guard that must is a pipeline.DurableGuard.
	ErrInsideStage = errors.New("guards, filters and observers cannot use durable operations")
	// ErrWrongContext says that the handler has another kind of context.
	ErrWrongContext = errors.New("the handler has another kind of context")
)

// FromContext returns the Restate context that ctx descends from. It is for code that a
// handler calls with a plain context.Context. The result has the values, the deadline and
// the cancellation of ctx, which reach the closures of restate.Run. A deadline does not
// end durable waiting, because that would not be the same on replay; use
// [Future.OrTimeout] for that.
//
// The error wraps
//   - [ErrNoInvocation] outside a handler,
//   - [ErrInsideRun] inside the closure of a restate.Run, of a restate.RunAsync or of a
//     [Step], also if the closure uses the ctx of the handler,
//   - [ErrReturned] after the handler has returned,
//   - [ErrInsideStage] in a guard, a filter or an observer.
func FromContext(ctx context.Context) (restate.Context, error) {
	c, _, err := find(ctx)
	return c, err
}

// ObjectFromContext returns the context of an exclusive handler of a virtual object, which
// may write state. In all other handlers the error wraps [ErrWrongContext]. A type
// assertion on the SDK's own context would succeed there, and the first write would hang
// the invocation. For the other errors, and for what the context takes from ctx, see
// [FromContext].
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
