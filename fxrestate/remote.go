package fxrestate

import (
	"reflect"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/handler"
)

// RemoteService declares a service that another application serves, in any
// language, and makes [rpc.Service] of T injectable. T is the contract: a struct
// whose methods have the names and types of the remote handlers. Its methods are
// never called, and nothing of it is served.
//
//	// Rates is written in TypeScript.
//	type Rates struct{}
//
//	func (*Rates) Quote(restate.Context, QuoteRequest) (Quote, error) { panic("remote") }
//
//	fxrestate.RemoteService[*Rates](
//		fxrestate.Name("rates"),
//		fxrestate.Naming(handler.LowerCamel), // Quote calls rates/quote
//	)
//
// The names hold for package ingress too. Options are [Name], [Naming],
// [Exclude], [Handler] with [HandlerName], and codecs such as restate.WithProto;
// what a handler does by itself, such as its timeouts, is decided where it is
// served, and such options of the SDK do nothing here. An [Attachment] is an error
// of fx.New. Config.Defaults does not apply: without a codec it is JSON.
//
// A contract that needs no options may be called without a declaration, by a
// client of package ingress; the injected client needs one. Declare a contract
// once in an application: fx reports the second, and that of a type which the
// application serves. A contract with the name of a service that the application
// serves by another type calls that service.
func RemoteService[T any](opts ...restate.ServiceDefinitionOption) fx.Option {
	return remote[T](handler.Service, opts, caller())
}

// RemoteObject declares a virtual object that another application serves, and
// makes [rpc.Object] of T injectable. For the rest see [RemoteService].
func RemoteObject[T any](opts ...restate.ServiceDefinitionOption) fx.Option {
	return remote[T](handler.Object, opts, caller())
}

// RemoteWorkflow declares a workflow that another application serves, and makes
// [rpc.Workflow] of T injectable. For the rest see [RemoteService].
func RemoteWorkflow[T any](opts ...restate.ServiceDefinitionOption) fx.Option {
	return remote[T](handler.Workflow, opts, caller())
}

// remote is a registration without an instance: the declaration tells the
// registry of the type, and only registrations are served.
func remote[T any](kind handler.Kind, opts []restate.ServiceDefinitionOption, position string) fx.Option {
	// The first codec shields the contract from one in Config.Defaults, which is
	// for the services of this application.
	decl := declare[T](kind, append([]restate.ServiceDefinitionOption{restate.WithJSON}, opts...), position)
	if len(decl.all()) > 0 {
		return ownOption{fx.Options(provideClients[T](kind), reportMistake("%s (%s): what is attached to a remote service never runs; attach it where the service is served", reflect.TypeFor[T](), position))}
	}
	return ownOption{fx.Options(provideClients[T](kind), fx.Provide(decl.contribute))}
}
