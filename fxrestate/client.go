package fxrestate

import (
	"errors"
	"fmt"
	"net/http"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/handler"
)

// ServiceClient addresses the service T from inside handlers. Registering the
// service makes it injectable everywhere, also into T itself and into services
// that T calls: it needs no instance. It is a [Target].
type ServiceClient[T any] struct {
	registry *handler.Registry
	options  []restate.ClientOption
}

// With returns a client whose calls have options of the SDK, such as
// restate.WithScope.
func (c ServiceClient[T]) With(opts ...restate.ClientOption) ServiceClient[T] {
	return ServiceClient[T]{c.registry, append(c.options[:len(c.options):len(c.options)], opts...)}
}

func (c ServiceClient[T]) address() address[T] {
	return address[T]{registry: c.registry, kind: handler.Service, options: c.options}
}

// ObjectClient addresses virtual objects of the type T from inside handlers: see
// [ServiceClient]. Its method Key makes the [Target].
type ObjectClient[T any] struct{ registry *handler.Registry }

// Key addresses the object with the given key.
func (c ObjectClient[T]) Key(key string) Keyed[T] {
	return Keyed[T]{address[T]{registry: c.registry, kind: handler.Object, key: key}}
}

// WorkflowClient addresses workflows of the type T from inside handlers: see
// [ServiceClient]. Its method ID makes the [Target].
type WorkflowClient[T any] struct{ registry *handler.Registry }

// ID addresses the workflow with the given id.
func (c WorkflowClient[T]) ID(id string) Keyed[T] {
	return Keyed[T]{address[T]{registry: c.registry, kind: handler.Workflow, key: id}}
}

// Keyed is a [Target] with a key: a virtual object or a workflow.
type Keyed[T any] struct{ to address[T] }

// With returns a target whose calls have options of the SDK, such as
// restate.WithScope.
func (k Keyed[T]) With(opts ...restate.ClientOption) Keyed[T] {
	k.to.options = append(k.to.options[:len(k.to.options):len(k.to.options)], opts...)
	return k
}

func (k Keyed[T]) address() address[T] { return k.to }

// Target is what [Call] and its kin call: a [ServiceClient], or what
// [ObjectClient.Key] and [WorkflowClient.ID] return.
type Target[T any] interface {
	address() address[T]
}

// address is a target, taken apart.
type address[T any] struct {
	registry *handler.Registry
	kind     handler.Kind
	key      string
	options  []restate.ClientOption
}

// resolved is the handler that a call goes to.
type resolved struct {
	handler.Ref

	key     string
	options []restate.ClientOption
}

// resolve finds the handler that a method expression names. The types are
// checked by the compiler; what is left are a client that fx did not make, a
// client of the wrong kind for the type, and an empty key.
func (a address[T]) resolve(method any) (resolved, error) {
	if a.registry == nil {
		return resolved{}, errors.New("fxrestate: the client was not injected; take it as a parameter of a constructor")
	}
	ref, err := a.registry.Resolve(method)
	if err != nil {
		return resolved{}, fmt.Errorf("fxrestate: %w", err)
	}
	if ref.Service.Kind != a.kind {
		return resolved{}, fmt.Errorf("fxrestate: %s is a %s, and the client is for a %s; inject the client of its kind", ref.Service.Name, ref.Service.Kind, a.kind)
	}
	if a.key == "" && a.kind.Keyed() {
		err := fmt.Errorf("fxrestate: call of %s with an empty key", ref.Target())
		return resolved{}, restate.ToTerminalError(err, restate.WithErrorCode(http.StatusBadRequest))
	}
	options := ref.Method.ClientOptions()
	if len(a.options) > 0 {
		options = append(options, a.options...)
	}
	return resolved{ref, a.key, options}, nil
}

// client makes the SDK's client for a resolved handler.
func client[O any](ctx restate.Context, to resolved) restate.Client[any, O] {
	switch to.Service.Kind {
	case handler.Object:
		return restate.Object[O](ctx, to.Service.Name, to.key, to.Method.Name, to.options...)
	case handler.Workflow:
		return restate.Workflow[O](ctx, to.Service.Name, to.key, to.Method.Name, to.options...)
	default:
		return restate.Service[O](ctx, to.Service.Name, to.Method.Name, to.options...)
	}
}
