package fxrestate

import (
	"reflect"
	"runtime"
	"slices"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/rpc"
)

// Service registers the struct T as a Restate service and provides it to the
// graph through its constructor, a function as for fx.Provide, plain or made with
// fx.Annotate. T is the type that the constructor returns, usually a pointer.
//
//	fxrestate.Service[*Payments](NewPayments,
//		restate.WithInvocationRetryPolicy(restate.WithMaxRetryAttempts(5)),
//		fxrestate.Handler((*Payments).Charge, restate.WithInactivityTimeout(30*time.Second)),
//	)
//
// The exported methods of T that take a restate.Context first are the handlers.
// Options are those of the SDK, [Name], [Naming], [Handler] and [Exclude] of this
// package, and any [Attachment]. Every mistake in T or in the options is an error
// of fx.New.
func Service[T any](constructor any, opts ...restate.ServiceDefinitionOption) fx.Option {
	return register[T](handler.Service, constructor, opts, caller())
}

// Object registers the struct T as a virtual object: its handlers take a
// restate.ObjectContext or, to run beside others, a restate.ObjectSharedContext.
// For the rest see [Service].
func Object[T any](constructor any, opts ...restate.ServiceDefinitionOption) fx.Option {
	return register[T](handler.Object, constructor, opts, caller())
}

// Workflow registers the struct T as a workflow: its method Run takes a
// restate.WorkflowContext, its other handlers a restate.WorkflowSharedContext,
// whether they signal the workflow or ask it something. For the rest see [Service].
func Workflow[T any](constructor any, opts ...restate.ServiceDefinitionOption) fx.Option {
	return register[T](handler.Workflow, constructor, opts, caller())
}

// The value groups that [Module] consumes, as result tags for fx.Annotate. The
// functions of this package fill them; a library may do so itself with plain
// fx.Provide:
//
//	fx.Provide(fx.Annotate(
//		func(p *Payments) fxrestate.Registration { return fxrestate.NewService(p) },
//		fx.ResultTags(fxrestate.RegistrationGroup),
//	))
const (
	// RegistrationGroup collects values of type [Registration].
	RegistrationGroup = `group:"fxrestate.registrations"`
	// DefinitionGroup collects values of type restate.ServiceDefinition.
	DefinitionGroup = `group:"fxrestate.definitions"`

	definedGroup = `group:"fxrestate.defined"`
	mistakeGroup = `group:"fxrestate.mistakes"`
	globalGroup  = `group:"fxrestate.global"`
	memberGroup  = `group:"fxrestate.members"`
)

// Registration is a service with its instance: an element of
// [RegistrationGroup].
type Registration struct {
	*declaration
	instance any
}

// NewService makes the registration of an instance as a service. Use [Service]
// where you can: it also makes the typed client injectable.
//
// Members of attachments are values here. A registration is made while fx runs
// constructors, when no more of them can be added: the constructor of a member
// would never run, and is an error of fx.New. Construct the member where the
// registration is made, or use [Service].
func NewService[T any](instance T, opts ...restate.ServiceDefinitionOption) Registration {
	return Registration{declare[T](handler.Service, opts, caller()), instance}
}

// NewObject makes the registration of an instance as a virtual object. See
// [NewService].
func NewObject[T any](instance T, opts ...restate.ServiceDefinitionOption) Registration {
	return Registration{declare[T](handler.Object, opts, caller()), instance}
}

// NewWorkflow makes the registration of an instance as a workflow. See
// [NewService].
func NewWorkflow[T any](instance T, opts ...restate.ServiceDefinitionOption) Registration {
	return Registration{declare[T](handler.Workflow, opts, caller()), instance}
}

// declaration is what a registration says, without the instance: what clients of
// a service need to know, so that two services can call each other without a
// cycle in the graph.
type declaration struct {
	spec        handler.Spec
	served      bool // by this application, which constructs the instance
	attachments []Attachment
	handlers    []handlerAttachments
}

// handlerAttachments are those of one handler.
type handlerAttachments struct {
	method   any // a method expression, or the handler's name in a definition
	list     []Attachment
	position string
}

// contribute is a constructor for the graph.
func (d *declaration) contribute() declared { return declared{Declaration: d} }

// all returns the attachments of all levels.
func (d *declaration) all() []Attachment {
	all := slices.Clone(d.attachments)
	for _, h := range d.handlers {
		all = append(all, h.list...)
	}
	return all
}

// declared and instance put what each service brings into its group. With
// fx.Annotate, which makes a container each time, fx.New of hundreds of services
// took well over half as long again.
type (
	declared struct {
		fx.Out

		Declaration *declaration `group:"fxrestate.declarations"`
	}
	instance struct {
		fx.Out

		Registration Registration `group:"fxrestate.instances"`
	}
)

func register[T any](kind handler.Kind, constructor any, opts []restate.ServiceDefinitionOption, position string) fx.Option {
	decl := declare[T](kind, opts, position)
	decl.served = true
	known := []fx.Option{fx.Provide(newClient[T](kind), decl.contribute)}
	for _, a := range decl.all() {
		known = append(known, a.provide())
	}
	if err := checkConstructor(constructor, reflect.TypeFor[T]()); err != nil {
		// The struct is read all the same: it may have mistakes of its own.
		return fx.Options(append(known, reportMistake("%s (%s): %w", reflect.TypeFor[T](), position, err))...)
	}
	return fx.Options(append(known,
		fx.Provide(constructor),
		fx.Provide(func(made T) instance { return instance{Registration: Registration{decl, made}} }),
	)...)
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

func declare[T any](kind handler.Kind, opts []restate.ServiceDefinitionOption, position string) *declaration {
	d := &declaration{spec: handler.Spec{Type: reflect.TypeFor[T](), Kind: kind, Position: position}}
	for _, opt := range opts {
		switch own := opt.(type) {
		case option:
			own.apply(d)
		case Attachment:
			d.attachments = append(d.attachments, own.placed())
		default:
			d.spec.Options = append(d.spec.Options, opt)
		}
	}
	return d
}

// describe reads the declared type under the application's defaults.
func (d *declaration) describe(defaults []restate.ServiceDefinitionOption) (*handler.Descriptor, error) {
	spec := d.spec
	spec.Defaults = defaults
	return spec.Describe()
}

// caller names the line of the user's that called an exported function.
func caller() string {
	_, file, line, ok := runtime.Caller(2)
	if !ok {
		return ""
	}
	return handler.Position(file, line)
}
