package fxrestate

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/durable"
)

// PerInvocation provides a [durable.PerInvocation] of T, an instance for each attempt.
// The constructor takes a context first, either a context.Context or a restate.Context,
// then its dependencies from the graph. It returns T or (T, error):
//
//	fxrestate.PerInvocation[*Tenant](func(ctx restate.Context, repo *Tenants) (*Tenant, error) {
//		return repo.Find(ctx, durable.Header(ctx, "x-tenant"))
//	})
//
// A constructor that takes a context.Context can also run in a step, for code that asks
// for the T there first. One that takes a restate.Context cannot: see [Eager].
func PerInvocation[T any](constructor any) fx.Option {
	what, position := fmt.Sprintf("PerInvocation[%s]", reflect.TypeFor[T]()), caller()
	provide, err := perInvocationProvider[T](constructor)
	if err != nil {
		return ownOption{fx.Options(
			needModule(what, position),
			reportMistake("%s (%s): %w", what, position, err),
			fx.Provide(func() durable.PerInvocation[T] { return durable.PerInvocation[T]{} }),
		)}
	}
	return ownOption{fx.Options(needModule(what, position), fx.Provide(provide), findWanted(constructor, wanted{taker: what, position: position, early: true}))}
}

// perInvocationProvider makes the constructor for fx. It takes the parameters of the
// user's constructor after the context.
func perInvocationProvider[T any](constructor any) (any, error) {
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
	if err := checkParameters(t); err != nil {
		return nil, err
	}
	deps := make([]reflect.Type, 0, t.NumIn()-1)
	for i := 1; i < t.NumIn(); i++ {
		deps = append(deps, t.In(i))
	}
	out := []reflect.Type{reflect.TypeFor[durable.PerInvocation[T]]()}
	return reflect.MakeFunc(reflect.FuncOf(deps, out, false), func(injected []reflect.Value) []reflect.Value {
		return []reflect.Value{reflect.ValueOf(durable.NewPerInvocation(bind[T](fn, injected)))}
	}).Interface(), nil
}

// bind returns the user's constructor with its dependencies.
func bind[T any](fn reflect.Value, injected []reflect.Value) func(context.Context) (T, error) {
	wantsRestate := fn.Type().In(0) != reflect.TypeFor[context.Context]()
	return func(ctx context.Context) (value T, err error) {
		if wantsRestate {
			if ctx, err = durable.FromContext(ctx); err != nil {
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
