// Package scope is the request scope of one attempt of an invocation: it stands
// between the SDK's context and user code, lets whoever holds a context.Context
// that descends from the handler's find the Restate context again, and tells
// code inside a Run closure that it must not use it.
package scope

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/handler"
)

var (
	// ErrNone is returned when a context does not descend from a handler's.
	ErrNone = errors.New("this context does not descend from a handler's context; pass on the ctx that the handler got")
	// ErrInsideRun is returned inside a Run closure, where durable operations
	// would corrupt the journal.
	ErrInsideRun = errors.New("durable operations cannot be used inside restate.Run; do them before or after it")
)

// Target says which handler an attempt runs.
type Target struct {
	Service string
	Handler string
	Kind    handler.Kind
	Mode    handler.Mode
}

// Scope is the scope of one attempt.
type Scope struct {
	target  *Target
	sdk     restate.MockableContext
	root    deriver
	running atomic.Int32 // synchronous Runs under way
	steps   StepWrapper  // nil: steps run as they are

	mu     sync.Mutex
	values map[any]any
}

// deriver makes the Restate context below a context.Context.
type deriver interface {
	derive(ctx context.Context) restate.Context
}

// StepWrapper stands around what user code does in an attempt.
type StepWrapper interface {
	// WrapStep puts something around a closure of restate.Run and around the encoding
	// of what comes of it. The SDK runs the result as it is.
	WrapStep(fn func(restate.RunContext) (any, error), encode func(any) (any, error), opts ...restate.RunOption) func(restate.RunContext) (any, error)
	// SDKPanicked is told what an operation of the SDK's panics with.
	SDKPanicked(value any)
}

// heed is deferred around the SDK's operations: user code may recover their panics,
// also that which suspends the attempt, with nobody else on the way.
func (s *Scope) heed() {
	r := recover()
	if r == nil {
		return
	}
	if s.steps != nil {
		s.steps.SDKPanicked(r)
	}
	panic(r)
}

// Steps returns what [NewWith] put around the steps, or nil.
func (s *Scope) Steps() StepWrapper { return s.steps }

// key finds the scope, or the closure that hides it, in a context.
type key struct{}

// closure is what key finds inside a Run closure.
type closure struct{ scope *Scope }

// Target returns the handler that the attempt runs.
func (s *Scope) Target() *Target { return s.target }

// Load returns what is kept under k during this attempt.
func (s *Scope) Load(k any) (any, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.values[k]
	return v, ok
}

// LoadOrStore returns what is kept under k, or else keeps v for the rest of the
// attempt and returns it.
func (s *Scope) LoadOrStore(k, v any) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	if kept, ok := s.values[k]; ok {
		return kept
	}
	if s.values == nil {
		s.values = make(map[any]any)
	}
	s.values[k] = v
	return v
}

// Find returns the scope that ctx descends from. Inside a Run closure it returns
// the scope together with [ErrInsideRun]; outside a handler it returns nil and
// [ErrNone].
func Find(ctx context.Context) (*Scope, error) {
	switch v := ctx.Value(key{}).(type) {
	case *Scope:
		if v.running.Load() > 0 {
			return v, ErrInsideRun
		}
		return v, nil
	case closure:
		return v.scope, ErrInsideRun
	default:
		return nil, ErrNone
	}
}

// Context returns the Restate context behind ctx, with the values, the deadline
// and the cancellation of ctx. Its errors are those of [Find].
func Context(ctx context.Context) (restate.Context, *Scope, error) {
	s, err := Find(ctx)
	if err != nil {
		return nil, s, err
	}
	if own, ok := ctx.(restate.Context); ok {
		return own, s, nil
	}
	return s.root.derive(ctx), s, nil
}
