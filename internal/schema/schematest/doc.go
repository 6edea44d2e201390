// Package schematest has types for tests of schemas, each with two values: the zero value
// and a filled one. The schema of a type must accept both, as encoding/json writes them,
// and a server must accept the schema.
package schematest

import (
	"reflect"

	restate "github.com/restatedev/sdk-go"
)

// Type is a type that encoding/json encodes.
type Type struct {
	// Name says what is special about the type. Names are unique.
	Name string
	// Type is the type.
	Type reflect.Type
	// Values are the zero value and the filled one.
	Values []any
	// Refuses is JSON that the schema rejects, or empty if the schema is open.
	Refuses []string
	// Receiver has a handler Echo that takes and returns the type.
	Receiver any
	// Foreign makes a definition with a handler Echo that does not use Receiver.
	Foreign func(service string) restate.ServiceDefinition
	// LeftOut is true if the schema methods and tags of the type cannot be used.
	LeftOut bool
}

// Echo is a service of one type.
type Echo[T any] struct{}

// Echo returns its input.
func (Echo[T]) Echo(_ restate.Context, in T) (T, error) { return in, nil }

func of[T any](name string, filled T, refuses ...string) Type {
	var zero T
	return Type{
		Name: name, Type: reflect.TypeFor[T](), Values: []any{zero, filled}, Refuses: refuses, Receiver: Echo[T]{},
		Foreign: func(service string) restate.ServiceDefinition {
			return restate.NewService(service).Handler("Echo", restate.NewServiceHandler(Echo[T]{}.Echo))
		},
	}
}

func leftOut[T any](name string, filled T, refuses ...string) Type {
	t := of(name, filled, refuses...)
	t.LeftOut = true
	return t
}

func pointer[T any](v T) *T { return &v }

// Types returns them all.
func Types() []Type {
	var all []Type
	for _, some := range [][]Type{basic(), containers(), standard(), tagged(), embedding(), recursive(), generic(), named(), methods(), customised()} {
		all = append(all, some...)
	}
	return all
}
