package handler

import (
	"context"
	"fmt"
	"reflect"

	restate "github.com/restatedev/sdk-go"
)

// Kind is the kind of a Restate service
// (https://docs.restate.dev/foundations/services). The zero Kind means "not decided":
// [Spec.Describe] then derives the kind from the context types of the methods, as
// restate.Reflect does.
type Kind int

// The kinds of services.
const (
	// Service is a stateless service: its handlers take a restate.Context.
	Service Kind = iota + 1
	// Object is a virtual object: its exclusive handlers take a
	// restate.ObjectContext, and its shared handlers a restate.ObjectSharedContext.
	Object
	// Workflow is a workflow: its method Run takes a restate.WorkflowContext,
	// the others a restate.WorkflowSharedContext.
	Workflow
)

// String returns the kind as the Restate documentation calls it.
func (k Kind) String() string {
	switch k {
	case Service:
		return "service"
	case Object:
		return "virtual object"
	case Workflow:
		return "workflow"
	default:
		return fmt.Sprintf("kind(%d)", int(k))
	}
}

// Keyed reports whether handlers of this kind are addressed with a key: the key
// of a virtual object or the id of a workflow.
func (k Kind) Keyed() bool { return k == Object || k == Workflow }

// contexts lists the context types for handlers of the kind.
func (k Kind) contexts() string {
	switch k {
	case Object:
		return "restate.ObjectContext or restate.ObjectSharedContext"
	case Workflow:
		return "restate.WorkflowContext (Run) or restate.WorkflowSharedContext"
	default:
		return "restate.Context"
	}
}

// Mode says how invocations of a handler share its key.
type Mode int

// The modes of handlers.
const (
	// Concurrent handlers belong to services: they have no key.
	Concurrent Mode = iota
	// Exclusive handlers of a virtual object run one at a time per key and may
	// write state.
	Exclusive
	// Shared handlers of virtual objects and workflows run concurrently with others
	// and only read state.
	Shared
	// Run is the main handler of a workflow: it runs once per workflow id.
	Run
)

// String returns the mode as the Restate documentation calls it.
func (m Mode) String() string {
	switch m {
	case Concurrent:
		return "concurrent"
	case Exclusive:
		return "exclusive"
	case Shared:
		return "shared"
	case Run:
		return "workflow run"
	default:
		return fmt.Sprintf("mode(%d)", int(m))
	}
}

// Writable reports whether a handler of this mode may write state.
func (m Mode) Writable() bool { return m == Exclusive || m == Run }

var (
	contextType      = reflect.TypeFor[restate.Context]()
	plainContextType = reflect.TypeFor[context.Context]()
	runContextType   = reflect.TypeFor[restate.RunContext]()
	errorType        = reflect.TypeFor[error]()
)

// role is the kind and mode of a method, from the context type of its first
// parameter.
type role struct {
	context reflect.Type
	kind    Kind
	mode    Mode
	// argument converts a context to the argument of such a method.
	argument func(restate.Context) (argument reflect.Value, ok bool)
}

var roles = [...]role{
	roleOf[restate.Context](Service, Concurrent),
	roleOf[restate.ObjectContext](Object, Exclusive),
	roleOf[restate.ObjectSharedContext](Object, Shared),
	roleOf[restate.WorkflowContext](Workflow, Run),
	roleOf[restate.WorkflowSharedContext](Workflow, Shared),
}

// roleOf makes the role of the context type C. The argument has exactly that type: for
// any other type, reflect would compare the methods of both in each call, which takes
// longer than the rest of an empty pipeline.
func roleOf[C restate.Context](kind Kind, mode Mode) role {
	return role{reflect.TypeFor[C](), kind, mode, func(ctx restate.Context) (reflect.Value, bool) {
		own, ok := ctx.(C)
		return reflect.ValueOf(&own).Elem(), ok
	}}
}

// findRole returns the role of a method whose first parameter has type t.
func findRole(t reflect.Type) (role, bool) {
	for _, r := range roles {
		if r.context == t {
			return r, true
		}
	}
	return role{}, false
}
