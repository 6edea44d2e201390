package fxrestate

import (
	"reflect"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/handler"
)

// RemoteService declares a service that another application serves, in any language,
// and provides its clients as [Service] does. T is the contract: a struct whose methods
// have the names and types of the remote handlers. Its methods are never called, and it
// is not served. An interface is no contract: in the place of a generated RatesClient
// write the struct that it was generated for.
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
// The names hold for package ingress too. Options are [Name], [Naming], [Exclude],
// [Handler] with [HandlerName], and codecs such as restate.WithProto. Other options of
// the SDK, such as timeouts, belong where the service is served and have no effect here.
// An [Attachment] is an error of fx.New. Config.Defaults does not apply: the default
// codec is JSON.
//
// Package ingress can call a contract without options and without a declaration. The
// injected clients need a declaration. Declare a contract once in an application, and not
// beside a registration of the same type: fx reports both. If the application serves a
// service of the same name with another type, the contract calls that service.
func RemoteService[T any](opts ...restate.ServiceDefinitionOption) fx.Option {
	return remote[T](handler.Service, opts, caller())
}

// RemoteObject declares a virtual object that another application serves. For the rest
// see [RemoteService].
func RemoteObject[T any](opts ...restate.ServiceDefinitionOption) fx.Option {
	return remote[T](handler.Object, opts, caller())
}

// RemoteWorkflow declares a workflow that another application serves. For the rest see
// [RemoteService].
func RemoteWorkflow[T any](opts ...restate.ServiceDefinitionOption) fx.Option {
	return remote[T](handler.Workflow, opts, caller())
}

// remote declares a service that this application does not serve: clients know it from
// the catalog.
func remote[T any](kind handler.Kind, opts []restate.ServiceDefinitionOption, position string) fx.Option {
	// The first codec overrides one in Config.Defaults, which is for the services of this
	// application.
	decl := declare[T](kind, append([]restate.ServiceDefinitionOption{restate.WithJSON}, opts...), position)
	if len(decl.subscriptions) > 0 {
		return ownOption{fx.Options(fx.Provide(decl.clients...), reportMistake("%s (%s): a remote service cannot be subscribed to Kafka%s; subscribe it where it is served", reflect.TypeFor[T](), position, at(decl.subscriptions[0].position)))}
	}
	if len(decl.all()) > 0 {
		return ownOption{fx.Options(fx.Provide(decl.clients...), reportMistake("%s (%s): what is attached to a remote service never runs; attach it where the service is served", reflect.TypeFor[T](), position))}
	}
	return ownOption{fx.Options(fx.Provide(decl.clients...), fx.Provide(decl.contribute), needModule(reflect.TypeFor[T]().String(), position))}
}
