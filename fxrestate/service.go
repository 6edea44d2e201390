package fxrestate

import (
	"reflect"
	"runtime"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/handler"
)

// Service registers the struct T as a Restate service. The constructor is a function as
// for fx.Provide, plain or made with fx.Annotate. T is the type that it returns, usually
// a pointer.
//
//	fxrestate.Service[*Payments](NewPayments,
//		restate.WithInvocationRetryPolicy(restate.WithMaxRetryAttempts(5)),
//		fxrestate.Handler((*Payments).Charge, restate.WithInactivityTimeout(30*time.Second)),
//	)
//
// The exported methods of T that take a restate.Context first are the handlers. Methods
// that take a context.Context or a restate.RunContext, or their restate.Context after
// another parameter, are not: the log names them at the start, unless [Exclude] does. Options are those of the SDK, [Name], [Naming], [Handler] and [Exclude] of this
// package, and any [Attachment]. Every mistake in T or in the options is an error of
// fx.New.
//
// Service provides T, an rpc.Service[T] and, if "fxrestate gen" has written clients for
// the struct, those too, such as a PaymentsClient and a PaymentsIngress. Do not
// fx.Provide them again, nor the constructor of T. If the application provides T already,
// the constructor is [Provided].
//
// The constructor takes the clients of the services that it calls. It cannot take an
// *ingress.Client or a generated ingress client: those are for code outside handlers, and
// start after the services. The same holds for what is made of the services, such as
// [Health] and *endpoint.Endpoint. If it takes a type of the application's that takes one
// of these, fx.New fails with a cycle that ends at the ingress client.
//
// To serve a struct under two names, with options of their own, write a type for each that
// embeds it. Each has its own client, and its handlers are named by its own methods, such
// as PaymentsEU.Charge:
//
//	type PaymentsEU struct{ *Payments }
//
//	fxrestate.Service[PaymentsEU](NewPaymentsEU, fxrestate.Name("payments-eu")),
//
// Whether a struct is served is decided before fx.New. Where it is not, [RemoteService]
// still provides its clients:
//
//	payments := fxrestate.RemoteService[*Payments]()
//	if cfg.ServePayments {
//		payments = fxrestate.Service[*Payments](NewPayments)
//	}
//	fx.New(fxrestate.Module, payments, …)
func Service[T any](constructor any, opts ...restate.ServiceDefinitionOption) fx.Option {
	return register[T](handler.Service, constructor, opts, caller())
}

// Object registers the struct T as a virtual object: its handlers take a
// restate.ObjectContext or, to run concurrently, a restate.ObjectSharedContext. It
// provides an rpc.Object[T]. For the rest see [Service].
func Object[T any](constructor any, opts ...restate.ServiceDefinitionOption) fx.Option {
	return register[T](handler.Object, constructor, opts, caller())
}

// Workflow registers the struct T as a workflow: its method Run takes a
// restate.WorkflowContext, and its other handlers, which signal or query the workflow, a
// restate.WorkflowSharedContext. It provides an rpc.Workflow[T]. For the rest see
// [Service].
func Workflow[T any](constructor any, opts ...restate.ServiceDefinitionOption) fx.Option {
	return register[T](handler.Workflow, constructor, opts, caller())
}

// serviceOut puts an instance that fx constructed into its value group.
type serviceOut struct {
	fx.Out

	Registration Registration `group:"fxrestate.services"`
}

func register[T any](kind handler.Kind, constructor any, opts []restate.ServiceDefinitionOption, position string) fx.Option {
	decl := declare[T](kind, opts, position)
	decl.served = true
	options := []fx.Option{fx.Provide(decl.contribute), fx.Provide(decl.clients...), provideMembers(decl.all()), needModule(reflect.TypeFor[T]().String(), position)}
	if err := checkConstructor(constructor, reflect.TypeFor[T]()); err != nil {
		// The struct is declared all the same, to report its mistakes too.
		return ownOption{fx.Options(append(options, reportMistake("%s (%s): %w", reflect.TypeFor[T](), position, err))...)}
	}
	return ownOption{fx.Options(append(options,
		provide(constructor),
		findWanted(constructor, wanted{taker: reflect.TypeFor[T]().String(), position: position}),
		fx.Provide(func(service T) serviceOut { return serviceOut{Registration: Registration{decl, service}} }),
	)...)}
}

// caller names the line of the user's that called an exported function.
func caller() string {
	_, file, line, ok := runtime.Caller(2)
	if !ok {
		return ""
	}
	return handler.Position(file, line)
}
