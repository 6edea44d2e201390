package ingress

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/fxrestate/go/handler"
)

// ServiceNameOf returns the name that the service T has on the server, for code that
// needs names, such as the SDK's own client:
//
//	name, err := ingress.ServiceNameOf[*Payments](client)
//	charge := sdkingress.Service[Charge, Receipt](client.Raw(), name, "Charge")
//
// It returns an error if T is of another kind, or if the client's registry does not know
// T. Register T then, or declare it as remote. Calls accept such a type, since a wrong
// name shows itself there. A client without a registry goes by the type alone.
func ServiceNameOf[T any](c *Client) (string, error) { return nameOf[T](c, handler.Service) }

// ObjectNameOf is [ServiceNameOf] for virtual objects.
func ObjectNameOf[T any](c *Client) (string, error) { return nameOf[T](c, handler.Object) }

// WorkflowNameOf is [ServiceNameOf] for workflows.
func WorkflowNameOf[T any](c *Client) (string, error) { return nameOf[T](c, handler.Workflow) }

func nameOf[T any](c *Client, kind handler.Kind) (string, error) {
	if c == nil {
		return "", errors.New("ingress: the name of a service needs a client, which knows the names; make one with ingress.New")
	}
	t := reflect.TypeFor[T]()
	desc, err := c.registry.Lookup(t)
	switch {
	case err != nil:
		return "", fmt.Errorf("ingress: %w", err)
	case desc.Kind != kind:
		return "", fmt.Errorf("ingress: %s is a %s; use ingress.%sNameOf", t, desc.Kind, registration(desc.Kind))
	case !c.byRules && !c.registry.Registered(t):
		return "", fmt.Errorf("ingress: %s is not registered in this application; register it with fxrestate.%[2]s, or declare it with fxrestate.Remote%[2]s if another application serves it",
			t, registration(kind))
	}
	return desc.Name, nil
}

// registration is the function of package fxrestate that registers a kind.
func registration(kind handler.Kind) string {
	switch kind {
	case handler.Object:
		return "Object"
	case handler.Workflow:
		return "Workflow"
	default:
		return "Service"
	}
}
