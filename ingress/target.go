package ingress

import (
	"errors"
	"fmt"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/handler"
)

// Target is what a verb such as [Call] takes: a [Service], or the [Keyed] that
// [Object.Key] and [Workflow.ID] return. An [Object] and a [Workflow] are none: call Key
// or ID.
type Target[T any] interface {
	address() address[T]
}

// Service is a client of the service T. It is a [Target] and [Mountable].
type Service[T any] struct{ to address[T] }

// NewService returns a client of the service T.
func NewService[T any](c *Client) Service[T] {
	return Service[T]{address[T]{client: c, kind: handler.Service}}
}

// With returns a client whose calls have options of the SDK, such as
// restate.WithScope.
func (s Service[T]) With(opts ...restate.ClientOption) Service[T] {
	return Service[T]{s.to.with(opts)}
}

func (s Service[T]) address() address[T] { return s.to }

// Object is a client of the virtual objects of type T. Its method Key makes the
// [Target]. It is [Mountable].
type Object[T any] struct{ to address[T] }

// NewObject returns a client of the virtual objects of type T.
func NewObject[T any](c *Client) Object[T] {
	return Object[T]{address[T]{client: c, kind: handler.Object}}
}

// Key returns the target for the object with the given key. It must not be empty. It is
// used as it is: do not escape it. For a key of several parts see [durable.CompoundKey].
func (o Object[T]) Key(key string) Keyed[T] { return Keyed[T]{o.to.at(key)} }

// Workflow is a client of the workflows of type T. Its method ID makes the [Target]. It
// is [Mountable].
type Workflow[T any] struct{ to address[T] }

// NewWorkflow returns a client of the workflows of type T.
func NewWorkflow[T any](c *Client) Workflow[T] {
	return Workflow[T]{address[T]{client: c, kind: handler.Workflow}}
}

// ID returns the target for the workflow with the given id. It must not be empty.
func (w Workflow[T]) ID(id string) Keyed[T] { return Keyed[T]{w.to.at(id)} }

// Keyed is a [Target] with a key: a virtual object or a workflow. It is
// [Mountable] for routes whose key is always the same.
type Keyed[T any] struct{ to address[T] }

// With returns a target whose calls have options of the SDK, such as
// restate.WithScope.
func (k Keyed[T]) With(opts ...restate.ClientOption) Keyed[T] { return Keyed[T]{k.to.with(opts)} }

func (k Keyed[T]) address() address[T] { return k.to }

// address is a target, taken apart.
type address[T any] struct {
	client  *Client
	kind    handler.Kind
	key     string
	options clientOptions
}

func (a address[T]) at(key string) address[T] {
	a.key = key
	return a
}

func (a address[T]) with(opts []restate.ClientOption) address[T] {
	a.options = a.options.with(opts)
	return a
}

// callee is the handler that a request goes to.
type callee struct {
	client  *Client
	service string
	handler string
	keyed   bool
	key     string
	scope   string
	input   encoding.Codec
	output  encoding.Codec
	once    bool // the main handler of a workflow, or perhaps one
}

// name is its name in errors.
func (c callee) name() string { return c.service + "/" + c.handler }

// resolve finds the handler that a method expression names. The compiler has checked the
// types. What is left are a zero client, a client of the wrong kind, and a bad key.
func resolve[T any](to Target[T], method any) (callee, error) {
	if to == nil {
		return callee{}, errNoClient
	}
	a := to.address()
	c, err := a.callee(method)
	if err != nil {
		return callee{}, err
	}
	return c, c.checkKey()
}

var errNoClient = errors.New("ingress: the target has no client; make it with ingress.NewService, NewObject or NewWorkflow")

func (a address[T]) callee(method any) (callee, error) {
	if a.client == nil {
		return callee{}, errNoClient
	}
	ref, err := a.client.registry.Resolve(method)
	if err != nil {
		return callee{}, fmt.Errorf("ingress: %w", err)
	}
	if ref.Service.Kind != a.kind {
		return callee{}, fmt.Errorf("ingress: %s is a %s, and the client is for a %s; use ingress.New%s",
			ref.Service.Name, ref.Service.Kind, a.kind, registration(ref.Service.Kind))
	}
	return callee{
		client:  a.client,
		service: ref.Service.Name,
		handler: ref.Method.Name,
		keyed:   a.kind.Keyed(),
		key:     a.key,
		scope:   a.options.scope,
		input:   a.options.inputOr(ref.Method.InputCodec),
		output:  a.options.outputOr(ref.Method.OutputCodec),
		once:    ref.Method.Mode == handler.Run,
	}, nil
}

func (c callee) checkKey() error {
	if !c.keyed {
		return nil
	}
	if err := checkKey(c.key); err != nil {
		return fmt.Errorf("ingress: %s: %w", c.name(), err)
	}
	return nil
}
