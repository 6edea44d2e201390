// Package scope is the request scope of one attempt of an invocation: it lets whoever
// holds a context.Context that descends from the handler's find the Restate context
// again, keeps values for the rest of the attempt, and tells code inside a Run closure
// that it must not use it.
package scope

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/sdk"
)

// ErrNone is returned when a context does not descend from a handler's.
var ErrNone = errors.New("this context does not descend from a handler's context; pass on the ctx that the handler got")

// Scope is the scope of one attempt. Whoever runs attempts embeds it in an owner of
// them: see [sdk.Opener].
type Scope struct {
	sdk.Attempt

	target *handler.Target
	mu     sync.Mutex
	values map[any]any
}

// Serve says which handler the attempt runs. It comes before anything else.
func (s *Scope) Serve(target *handler.Target) { s.target = target }

// Target returns the handler that the attempt runs.
func (s *Scope) Target() *handler.Target { return s.target }

// String returns "service/handler".
func (s *Scope) String() string { return s.target.String() }

// CheckWrite implements [sdk.Owner].
func (s *Scope) CheckWrite(operation string) error {
	if t := s.target; !t.Mode.Writable() {
		return fmt.Errorf("durable: %s in %s: a %s handler cannot write state; let an exclusive handler do it", operation, t, t.Mode)
	}
	return nil
}

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

// scoped is what embeds a scope.
type scoped interface{ scope() *Scope }

func (s *Scope) scope() *Scope { return s }

// Find returns the scope that ctx descends from. Inside a Run closure it returns
// the scope together with [sdk.ErrInsideRun], and after the attempt together with
// [sdk.ErrReturned]; outside a handler it returns nil and [ErrNone].
func Find(ctx context.Context) (*Scope, error) {
	a, inRun := sdk.AttemptOf(ctx)
	if a == nil {
		return nil, ErrNone
	}
	owner, ok := a.Owner().(scoped)
	if !ok {
		return nil, ErrNone
	}
	s := owner.scope()
	switch {
	case inRun:
		return s, sdk.ErrInsideRun
	case a.Over():
		return s, sdk.ErrReturned
	case a.Running():
		return s, sdk.ErrInsideRun
	default:
		return s, nil
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
		return s.Attempt.Context(ctx), s, nil
	case errors.Is(err, sdk.ErrReturned):
		return nil, s, s.Refuse()
	default:
		return nil, s, err
	}
}

// Undecodable is [sdk.Attempt.Undecodable]. Without a scope nothing is logged.
func (s *Scope) Undecodable(from string, into reflect.Type, err error) {
	if s != nil {
		s.Attempt.Undecodable(from, into, err)
	}
}
