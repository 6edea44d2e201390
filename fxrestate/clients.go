package fxrestate

import (
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/rpc"
)

// generated is what fxrestate gen writes for the struct T: constructors of its
// clients. The parameter tells a struct from those that embed it, which have the
// method too.
type generated[T any] interface{ RestateClients(T) []any }

// clientsOf returns the constructors of the typed client of a service, and of the generated
// ones where there are some.
func clientsOf[T any](kind handler.Kind) []any {
	clients := []any{newClient[T](kind)}
	var contract T // of which the method reads nothing
	if g, ok := any(contract).(generated[T]); ok {
		clients = append(clients, g.RestateClients(contract)...)
	}
	return clients
}

// newClient is the constructor of the typed client of a service. A generic type
// cannot be made at run time, so each registration brings its own.
func newClient[T any](kind handler.Kind) any {
	switch kind {
	case handler.Object:
		return rpc.NewObject[T]
	case handler.Workflow:
		return rpc.NewWorkflow[T]
	default:
		return rpc.NewService[T]
	}
}
