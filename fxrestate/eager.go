package fxrestate

import (
	"fmt"
	"reflect"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/pipeline"
)

// Eager makes the T of [PerInvocation] before the handler runs, in each attempt. Then code
// that runs in steps gets it, also if its constructor takes a restate.Context:
//
//	fxrestate.PerInvocation[*Tenant](NewTenant),
//	fxrestate.Service[*Shop](NewShop, fxrestate.Eager[*Tenant]()),
//
// If the constructor returns an error, the handler does not run, and the error is the
// result of the attempt. Eager is an interceptor: it runs after the guards, and at its
// place among the interceptors.
func Eager[T any]() Attachment {
	return attach(interceptorStage(), []any{func(values durable.PerInvocation[T]) eager[T] { return eager[T]{values} }}, caller())
}

type eager[T any] struct{ values durable.PerInvocation[T] }

func (eager[T]) String() string { return fmt.Sprintf("fxrestate.Eager[%s]", reflect.TypeFor[T]()) }

func (e eager[T]) Intercept(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
	if _, err := e.values.Get(ctx); err != nil {
		return nil, err
	}
	return next(ctx, inv)
}
