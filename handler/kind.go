package handler

import (
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
	contextType = reflect.TypeFor[restate.Context]()
	errorType   = reflect.TypeFor[error]()
)

// role is the kind and mode of a method, from the context type of its first
// parameter.
type role struct {
	kind Kind
	mode Mode
}

// roleOf returns the role of a method whose first parameter is t.
func roleOf(t reflect.Type) (role, bool) {
	switch t {
	case contextType:
		return role{Service, Concurrent}, true
	case reflect.TypeFor[restate.ObjectContext]():
		return role{Object, Exclusive}, true
	case reflect.TypeFor[restate.ObjectSharedContext]():
		return role{Object, Shared}, true
	case reflect.TypeFor[restate.WorkflowContext]():
		return role{Workflow, Run}, true
	case reflect.TypeFor[restate.WorkflowSharedContext]():
		return role{Workflow, Shared}, true
	default:
		return role{}, false
	}
}
