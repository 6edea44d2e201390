package fxrestate

import (
	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/handler"
)

// The value groups that [Module] consumes, as result tags for fx.Annotate, for
// libraries that register services with plain fx.Provide:
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

// NewService registers an instance as a service. Use [Service]
// where you can: it also makes the typed clients injectable.
//
// Members of attachments must be values here. A registration is made while fx runs
// constructors, when it is too late to add one: a constructor of a member is an error of
// fx.New. Construct the member where the registration is made, or use [Service].
func NewService[T any](instance T, opts ...restate.ServiceDefinitionOption) Registration {
	return Registration{declare[T](handler.Service, opts, caller()), instance}
}

// NewObject registers an instance as a virtual object. See
// [NewService].
func NewObject[T any](instance T, opts ...restate.ServiceDefinitionOption) Registration {
	return Registration{declare[T](handler.Object, opts, caller()), instance}
}

// NewWorkflow registers an instance as a workflow. See
// [NewService].
func NewWorkflow[T any](instance T, opts ...restate.ServiceDefinitionOption) Registration {
	return Registration{declare[T](handler.Workflow, opts, caller()), instance}
}
