package fxrestate

import (
	"fmt"
	"reflect"

	"go.uber.org/fx"
)

// provideFrom provides an Out made from a T, which a private constructor made, and from an
// In. tag names the T, or is empty. In and Out are structs that embed fx.In and fx.Out.
//
// The function that it provides has the dependencies of that constructor too, because dig
// looks for cycles in the outermost scope, which has no private constructors: it would
// follow a cycle through one until the stack overflows. A service takes an *ingress.Client
// in this way, through a constructor of the application's.
func provideFrom[T, In, Out any](constructor any, tag string, from func(T, In) Out) fx.Option {
	fields := []reflect.StructField{
		{Name: "In", Type: reflect.TypeFor[fx.In](), Anonymous: true},
		{Name: "Made", Type: reflect.TypeFor[T](), Tag: reflect.StructTag(tag)}, // first, so that its error is reported
		{Name: "Also", Type: reflect.TypeFor[In]()},
	}
	if t := reflect.TypeOf(constructor); t.Kind() == reflect.Func {
		for dependency := range dependencies(t) {
			if !embeds(dependency, reflect.TypeFor[fx.In]()) {
				fields = append(fields, reflect.StructField{Name: fmt.Sprintf("D%d", len(fields)), Type: dependency, Tag: `optional:"true"`})
			}
		}
	}
	in, out := []reflect.Type{reflect.StructOf(fields)}, []reflect.Type{reflect.TypeFor[Out]()}
	return fx.Provide(reflect.MakeFunc(reflect.FuncOf(in, out, false), func(args []reflect.Value) []reflect.Value {
		made, _ := args[0].Field(1).Interface().(T) // nil, where T is an interface
		return []reflect.Value{reflect.ValueOf(from(made, args[0].Field(2).Interface().(In)))}
	}).Interface())
}
