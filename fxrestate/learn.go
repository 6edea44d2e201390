package fxrestate

import (
	"errors"
	"fmt"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/handler"
)

// learn describes a service that is only in the group of registrations, and tells
// the registry of it, so that clients know its name. Such a service comes with its
// instance, which may need clients, so the registry was made without it.
//
// It is an error if clients know the type under another name than the application
// serves it by, as the contract of a remote service.
func (c *catalog) learn(r Registration, defaults []restate.ServiceDefinitionOption) error {
	if r.declaration == nil {
		return errors.New("fxrestate: an empty Registration is in the group; make it with NewService, NewObject or NewWorkflow")
	}
	desc, err := r.describe(defaults)
	c.descriptors[r.declaration] = desc
	if err != nil {
		return err
	}
	switch d := c.declarationOf(desc); {
	case d == nil:
		c.registry.Add(desc)
	case c.descriptors[d].Name != desc.Name && !d.served:
		declared := c.descriptors[d]
		return fmt.Errorf(
			"fxrestate: %s is served as %q%s, and its clients call %q%s; register it with Service, Object or Workflow instead of both",
			desc.Type, desc.Name, at(desc.Position), declared.Name, at(declared.Position))
	}
	return nil
}

// declarationOf returns a declaration of the type of a service, or nil.
func (c *catalog) declarationOf(service *handler.Descriptor) *declaration {
	for _, d := range c.declared {
		if desc := c.descriptors[d]; desc != nil && structOf(desc.Type) == structOf(service.Type) {
			return d
		}
	}
	return nil
}
