// Package scope is the request scope of one attempt of an invocation: it stands
// between the SDK's context and user code, lets whoever holds a context.Context
// that descends from the handler's find the Restate context again, and tells
// code inside a Run closure that it must not use it. Nobody reaches the SDK's
// context once the attempt is over, nor on two goroutines at once.
package scope

import (
	"context"
	"errors"
	"sync"

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

	undecodable once // the types that something did not decode into
}

// Scope is the scope of one attempt.
type Scope struct {
	target *Target
	sdk    restate.MockableContext
	root   parent
	steps  StepWrapper
	gate   gate
	out    output // of the operation under way

	mu     sync.Mutex
	values map[any]any
}

// parent makes the Restate context for a child of the scope's own context.
type parent interface {
	child(ctx context.Context) restate.MockableContext
}

// StepWrapper stands around what user code does in an attempt.
type StepWrapper interface {
	// WrapStep puts something around a closure of restate.Run and around the encoding
	// of what comes of it. The SDK runs the result as it is.
	WrapStep(fn func(restate.RunContext) (any, error), encode func(any) (any, error), opts ...restate.RunOption) func(restate.RunContext) (any, error)
	// SDKPanicked is told what an operation of the SDK's panics with.
	SDKPanicked(value any)
	// SDKRecovered is told that user code goes on after a panic that suspends the
	// attempt.
	SDKRecovered()
}

// Steps returns what [Open] put around the steps.
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
// the scope together with [ErrInsideRun], and after the attempt together with
// [ErrReturned]; outside a handler it returns nil and [ErrNone].
func Find(ctx context.Context) (*Scope, error) {
	switch v := ctx.Value(key{}).(type) {
	case *Scope:
		switch {
		case v.over():
			return v, ErrReturned
		case v.running():
			return v, ErrInsideRun
		default:
			return v, nil
		}
	case closure:
		return v.scope, ErrInsideRun
	default:
		return nil, ErrNone
	}
}

// Of returns the scope that ctx descends from, also one that cannot be used now, or
// nil: a handler of the SDK's own has none.
func Of(ctx context.Context) *Scope {
	s, _ := Find(ctx)
	return s
}

// Context returns the Restate context behind ctx, with the values, the deadline
// and the cancellation of ctx. Its errors wrap those of [Find].
func Context(ctx context.Context) (restate.Context, *Scope, error) {
	s, err := Find(ctx)
	switch {
	case err == nil:
	case errors.Is(err, ErrReturned):
		return nil, s, s.refuse(opFind)
	default:
		return nil, s, err
	}
	if own, ok := ctx.(restate.Context); ok {
		return own, s, nil
	}
	return restate.WithMockContext(s.root.child(ctx)), s, nil
}
