package durable

import (
	"context"
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
// fxrestate.PerInvocation provides it, and [NewPerInvocation] makes one.
type PerInvocation[T any] struct {
	*provider[T]
}

type provider[T any] struct {
	construct func(context.Context) (T, error)
}

// NewPerInvocation returns a [PerInvocation] whose values are made by construct.
func NewPerInvocation[T any](construct func(ctx context.Context) (T, error)) PerInvocation[T] {
	return PerInvocation[T]{&provider[T]{construct}}
}

// Get returns the T of the attempt that ctx belongs to. The first call runs the
// constructor. Later and concurrent calls get what it returned, its error included. The
// constructor runs again when an invocation is retried or resumed: what it does must be
// repeatable, or journaled by a [Step].
//
// Inside a restate.Run closure and after the handler has returned, Get returns the T that
// exists already, or an error that wraps [ErrInsideRun] or [ErrReturned]. Outside a
// handler the error wraps [ErrNoInvocation]. A constructor that needs its own T, directly
// or through other constructors, gets an error that names them.
func (p PerInvocation[T]) Get(ctx context.Context) (T, error) {
	var none T
	switch {
	case p.provider == nil:
		return none, fmt.Errorf("durable: %T was not injected; add fxrestate.PerInvocation[%s] to the application", p, reflect.TypeFor[T]())
	case p.construct == nil:
		return none, fmt.Errorf("durable: %T has no constructor; pass one to durable.NewPerInvocation", p)
	}
	s, err := scope.Find(ctx)
	if s == nil {
		return none, fmt.Errorf("durable: %s: %w", reflect.TypeFor[T](), err)
	}
	all := constructionsOf(s)
	if err != nil {
		if c := all.made(p.provider); c != nil {
			return valueOf[T](c)
		}
		return none, fmt.Errorf("durable: %s: %w", reflect.TypeFor[T](), err)
	}
	c, first, err := all.begin(ctx, p.provider, reflect.TypeFor[T]())
	switch {
	case err != nil:
		return none, err
	case !first:
		select {
		case <-c.done:
			return valueOf[T](c)
		case <-ctx.Done():
			return none, fmt.Errorf("durable: %s: waiting for its constructor: %w", reflect.TypeFor[T](), ctx.Err())
		}
	}
	defer all.end(p.provider, c)
	value, err := p.construct(c.within(ctx))
	c.value, c.err = value, err
	return value, err
}

func valueOf[T any](c *construction) (T, error) {
	value, _ := c.value.(T) // nil, where T is an interface
	return value, c.err
}
