package fxrestate

import (
	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/handler"
)

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
)

// Registration is a service with its instance: an element of [RegistrationGroup].
type Registration struct {
	*declaration
	instance any
}

// NewService makes the registration of an instance as a service. Use [Service]
// where you can: it also makes the typed clients injectable.
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
