package rpc

import (
	"errors"
	"fmt"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/handler"
)

// Service is a client of the service T, for use inside handlers. Registering the service
// makes it injectable everywhere, also into T itself and into services that T calls: it
// needs no instance. It is a [Target].
type Service[T any] struct {
	registry *handler.Registry
	options  []restate.ClientOption
}

// With returns a client whose calls have options of the SDK, such as
// restate.WithInputCodec and restate.WithScope. Version 1.2 of the SDK does not support a
// scope inside handlers: such a call fails with code 573.
func (c Service[T]) With(opts ...restate.ClientOption) Service[T] {
	return Service[T]{c.registry, append(c.options[:len(c.options):len(c.options)], opts...)}
}

func (c Service[T]) address() address[T] {
	return address[T]{registry: c.registry, kind: handler.Service, options: c.options}
}

// NewService returns a client of the service T. The registry knows the names of services.
// Applications do not need it: registering T with package fxrestate makes the client
// injectable.
func NewService[T any](registry *handler.Registry) Service[T] { return Service[T]{registry: registry} }

// NewObject returns a client of the virtual objects of type T: see [NewService].
func NewObject[T any](registry *handler.Registry) Object[T] { return Object[T]{registry} }

// NewWorkflow returns a client of the workflows of type T: see [NewService].
func NewWorkflow[T any](registry *handler.Registry) Workflow[T] { return Workflow[T]{registry} }

// Object is a client of the virtual objects of type T, for use inside handlers: see
// [Service]. Its method Key makes the [Target].
type Object[T any] struct{ registry *handler.Registry }

// Key returns the target for the object with the given key. It must not be empty. It is
// used as it is: do not escape it. For a key of several parts see [durable.CompoundKey].
func (c Object[T]) Key(key string) Keyed[T] {
	return Keyed[T]{address[T]{registry: c.registry, kind: handler.Object, key: key}}
}

// Workflow is a client of the workflows of type T, for use inside handlers: see
// [Service]. Its method ID makes the [Target].
type Workflow[T any] struct{ registry *handler.Registry }

// ID returns the target for the workflow with the given id. It must not be empty.
func (c Workflow[T]) ID(id string) Keyed[T] {
	return Keyed[T]{address[T]{registry: c.registry, kind: handler.Workflow, key: id}}
}

// Keyed is a [Target] with a key: a virtual object or a workflow.
type Keyed[T any] struct{ to address[T] }

// With returns a target whose calls have options of the SDK: see
// [Service.With].
func (k Keyed[T]) With(opts ...restate.ClientOption) Keyed[T] {
	k.to.options = append(k.to.options[:len(k.to.options):len(k.to.options)], opts...)
	return k
}

func (k Keyed[T]) address() address[T] { return k.to }

// Target is what a verb such as [Call] takes: a [Service], or the [Keyed] that
// [Object.Key] and [Workflow.ID] return. An [Object] and a [Workflow] are none: call Key
// or ID.
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

// resolve finds the handler that a method expression names. The compiler has checked the
// types. What is left are a zero client, a client of the wrong kind, and a bad key.
func (a address[T]) resolve(method any) (callee, error) {
	if a.registry == nil {
		return callee{}, errors.New("rpc: the client was not injected; take it as a parameter of a constructor")
	}
	ref, err := a.registry.Resolve(method)
	if err != nil {
		return callee{}, fmt.Errorf("rpc: %w", err)
	}
	if ref.Service.Kind != a.kind {
		return callee{}, fmt.Errorf("rpc: %s is a %s, and the client is for a %s; inject the client of its kind", ref.Service.Name, ref.Service.Kind, a.kind)
	}
	c := callee{
		Target:  ref.Target(),
		key:     a.key,
		input:   ref.Method.InputCodec,
		output:  ref.Method.OutputCodec,
		options: ref.Method.ClientOptions(),
	}
	return c.with(a.options), c.checkKey()
}
