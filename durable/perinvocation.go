package durable

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/fxrestate/go/internal/scope"
)

// PerInvocation gives each attempt of an invocation its own T. Inject it where a T is
// needed, and get the T with the ctx of the handler:
//
//	type Payments struct{ tenant durable.PerInvocation[*Tenant] }
//
//	func (p *Payments) Charge(ctx restate.Context, in Charge) error {
//		tenant, err := p.tenant.Get(ctx)
//		…
//	}
//
// fxrestate.PerInvocation provides it, fxrestate.Eager makes the T before the handler
// runs, and [NewPerInvocation] makes a provider without fx.
//
// A repository that runs in steps gets its T with the context of the step. There a
// constructor can run that takes a plain context.Context; headers and the like it reads
// from what the context has. One that takes a restate.Context, or calls [FromContext], has
// to run before: call Get in the handler, or use fxrestate.Eager.
type PerInvocation[T any] struct {
	*provider[T]
}

type provider[T any] struct {
	construct func(context.Context) (T, error)
	fixed     *T
}

// NewPerInvocation returns a [PerInvocation] whose values are made by construct.
func NewPerInvocation[T any](construct func(ctx context.Context) (T, error)) PerInvocation[T] {
	return PerInvocation[T]{&provider[T]{construct: construct}}
}

// FixedPerInvocation returns a [PerInvocation] whose value is always the given one, with
// any context: for tests, and for code that also runs outside handlers.
func FixedPerInvocation[T any](value T) PerInvocation[T] {
	return PerInvocation[T]{&provider[T]{fixed: &value}}
}

// Get returns the T of the attempt that ctx belongs to. The first call runs the
// constructor. Later and concurrent calls get what it returned, its error included. The
// constructor runs again when an invocation is retried or resumed: what it does must be
// repeatable, or journaled by a [Step].
//
// Inside the closure of a restate.Run or of a [Step], Get returns the T that exists
// already, or makes it with the context of the closure. A constructor that needs the Restate context
// cannot run there: the error says what to do, and wraps [ErrInsideRun]. After the handler
// has returned, Get returns the T that exists already, or an error that wraps
// [ErrReturned]. Outside a handler the error wraps [ErrNoInvocation]; use
// [FixedPerInvocation] there. A constructor that needs its own T, directly or through
// other constructors, gets an error that names them.
func (p PerInvocation[T]) Get(ctx context.Context) (T, error) {
	var none T
	switch {
	case p.provider == nil:
		return none, fmt.Errorf("durable: %T was not injected; add fxrestate.PerInvocation[%s] to the application", p, reflect.TypeFor[T]())
	case p.fixed != nil:
		return *p.fixed, nil
	case p.construct == nil:
		return none, fmt.Errorf("durable: %T has no constructor; pass one to durable.NewPerInvocation", p)
	}
	s, err := scope.Find(ctx)
	if s == nil {
		return none, fmt.Errorf("durable: %s: %w", reflect.TypeFor[T](), err)
	}
	all := constructionsOf(s)
	inStep := errors.Is(err, ErrInsideRun)
	if err != nil && !inStep {
		if c := all.made(p.provider); c != nil {
			return valueOf[T](c)
		}
		return none, fmt.Errorf("durable: %s: %w", reflect.TypeFor[T](), err)
	}
	c, first, err := all.begin(ctx, p.provider, reflect.TypeFor[T]())
	for ; err == nil && !first; c, first, err = all.begin(ctx, p.provider, reflect.TypeFor[T]()) {
		select {
		case <-c.done:
			if !c.again {
				return valueOf[T](c)
			}
		case <-ctx.Done():
			return none, fmt.Errorf("durable: %s: waiting for its constructor: %w", reflect.TypeFor[T](), ctx.Err())
		}
	}
	if err != nil {
		return none, err
	}
	defer all.end(p.provider, c)
	value, err := p.construct(c.within(ctx))
	if inStep && errors.Is(err, ErrInsideRun) {
		err = fmt.Errorf("durable: %s: its constructor needs the Restate context, which a step does not have; "+
			"call Get before the step, or add fxrestate.Eager[%[1]s]() to the handler: %w", reflect.TypeFor[T](), err)
	}
	c.value, c.err = value, err
	return value, err
}

func valueOf[T any](c *construction) (T, error) {
	value, _ := c.value.(T) // nil, where T is an interface
	return value, c.err
}
