package fxrestate

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/internal/scope"
)

// PerInvocation gives each attempt of an invocation its own T. Inject it where a
// T is needed, and ask it with the ctx of the handler:
//
//	type Payments struct{ tenant fxrestate.PerInvocation[*Tenant] }
//
//	func (p *Payments) Charge(ctx restate.Context, in Charge) error {
//		tenant, err := p.tenant.Get(ctx)
//		…
//	}
//
// [Scoped] provides it.
type PerInvocation[T any] struct {
	*provider[T]
}

type provider[T any] struct {
	construct func(context.Context) (T, error)
}

// Get returns the T of the attempt that ctx belongs to. The first call runs the
// constructor; others, by whomever and at the same time, get what it returned, its
// error included. When an invocation is retried or resumed the constructor runs
// again: what it does must be repeatable, or journaled by restate.Run.
//
// Inside a restate.Run closure and after the end of the handler, Get returns what was
// made before, or an error that wraps [ErrInsideRun] or [ErrReturned]; outside a handler the error wraps [ErrNoInvocation]. A
// constructor that needs its own T, be it by others, gets an error that names them.
func (p PerInvocation[T]) Get(ctx context.Context) (T, error) {
	var none T
	if p.provider == nil {
		return none, fmt.Errorf("fxrestate: %T was not injected; add fxrestate.Scoped[%s] to the application", p, reflect.TypeFor[T]())
	}
	s, err := scope.Find(ctx)
	if s == nil {
		return none, fmt.Errorf("fxrestate: %s: %w", reflect.TypeFor[T](), err)
	}
	all := constructionsOf(s)
	if err != nil {
		if c := all.made(p.provider); c != nil {
			return valueOf[T](c)
		}
		return none, fmt.Errorf("fxrestate: %s: %w", reflect.TypeFor[T](), err)
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
			return none, fmt.Errorf("fxrestate: %s: waiting for its constructor: %w", reflect.TypeFor[T](), ctx.Err())
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

// Scoped provides a [PerInvocation] of T. The constructor is a function that
// takes a context first, either a context.Context or a restate.Context, then
// whatever it needs from the graph, and returns T or (T, error):
//
//	fxrestate.Scoped[*Tenant](func(ctx restate.Context, repo *Tenants) (*Tenant, error) {
//		return repo.Find(ctx, ctx.Request().Headers.Get("x-tenant"))
//	})
func Scoped[T any](constructor any) fx.Option {
	provide, err := scopedProvider[T](constructor)
	if err != nil {
		return fx.Options(
			reportMistake("Scoped[%s] (%s): %w", reflect.TypeFor[T](), caller(), err),
			fx.Provide(func() PerInvocation[T] { return PerInvocation[T]{} }),
		)
	}
	return fx.Provide(provide)
}

// scopedProvider makes the constructor for fx: it takes what the user's one takes
// after the context.
func scopedProvider[T any](constructor any) (any, error) {
	fn := reflect.ValueOf(constructor)
	if fn.Kind() != reflect.Func || fn.IsNil() {
		return nil, fmt.Errorf("the constructor is a %T; pass a function", constructor)
	}
	t := fn.Type()
	if t.NumIn() == 0 || t.IsVariadic() || !isContext(t.In(0)) {
		return nil, errors.New("the constructor must take a context.Context or a restate.Context first, and must not be variadic")
	}
	if n := t.NumOut(); n == 0 || n > 2 || t.Out(0) != reflect.TypeFor[T]() || (n == 2 && t.Out(1) != reflect.TypeFor[error]()) {
		return nil, fmt.Errorf("the constructor must return %s or (%[1]s, error)", reflect.TypeFor[T]())
	}
	deps := make([]reflect.Type, 0, t.NumIn()-1)
	for i := 1; i < t.NumIn(); i++ {
		deps = append(deps, t.In(i))
	}
	out := []reflect.Type{reflect.TypeFor[PerInvocation[T]]()}
	return reflect.MakeFunc(reflect.FuncOf(deps, out, false), func(injected []reflect.Value) []reflect.Value {
		return []reflect.Value{reflect.ValueOf(PerInvocation[T]{&provider[T]{construct[T](fn, injected)}})}
	}).Interface(), nil
}

func construct[T any](fn reflect.Value, injected []reflect.Value) func(context.Context) (T, error) {
	wantsRestate := fn.Type().In(0) != reflect.TypeFor[context.Context]()
	return func(ctx context.Context) (value T, err error) {
		if wantsRestate {
			if ctx, _, err = find(ctx); err != nil {
				return value, err
			}
		}
		out := fn.Call(append([]reflect.Value{reflect.ValueOf(ctx)}, injected...))
		value, _ = out[0].Interface().(T)
		if len(out) == 2 {
			err, _ = out[1].Interface().(error)
		}
		return value, err
	}
}

func isContext(t reflect.Type) bool {
	return t == reflect.TypeFor[context.Context]() || t == reflect.TypeFor[restate.Context]()
}
