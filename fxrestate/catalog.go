package fxrestate

import (
	"errors"
	"fmt"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/handler"
)

// catalog has the descriptors of the declared services, without their instances: what
// clients need. It keeps its mistakes for the plan, which reports all at once.
type catalog struct {
	placements  []placement
	descriptors map[*declaration]*handler.Descriptor // nil: it has mistakes
	registry    *handler.Registry
	err         error
}

type catalogParams struct {
	fx.In

	Settings   *settings
	Placements []placement `group:"fxrestate.placements"`
}

func newCatalog(p catalogParams) *catalog {
	c := &catalog{placements: p.Placements, descriptors: make(map[*declaration]*handler.Descriptor, len(p.Placements))}
	known := make([]*handler.Descriptor, 0, len(p.Placements))
	for _, d := range p.Placements {
		desc, err := d.describe(p.Settings.Defaults)
		c.descriptors[d.declaration] = desc
		if err != nil {
			c.err = errors.Join(c.err, err)
			continue
		}
		known = append(known, desc)
	}
	// The plan reports names that occur twice, among all services.
	c.registry, _ = handler.NewRegistry(known...)
	return c
}

// learn adds a service that a plain provider registers, so that clients know its name.
// The catalog is made without it, since its instance may need clients.
//
// It is an error if clients know the type by another name, as the contract of a remote
// service.
func (c *catalog) learn(r Registration, defaults []restate.ServiceDefinitionOption) error {
	if r.declaration == nil {
		return errors.New("fxrestate: an empty Registration is in the group; make it with NewService, NewObject or NewWorkflow")
	}
	desc, err := r.describe(defaults)
	c.descriptors[r.declaration] = desc
	if err != nil {
		return err
	}
	switch d := c.find(desc); {
	case d == nil:
		c.registry.Add(desc)
	case c.descriptors[d].Name != desc.Name && !d.served:
		known := c.descriptors[d]
		return fmt.Errorf(
			"fxrestate: %s is served as %q%s, and its clients call %q%s; register it with Service, Object or Workflow instead of both",
			desc.Type, desc.Name, at(desc.Position), known.Name, at(known.Position))
	}
	return nil
}

// find returns a declaration of the type of a service, or nil.
func (c *catalog) find(service *handler.Descriptor) *declaration {
	for _, d := range c.placements {
		if desc := c.descriptors[d.declaration]; desc != nil && structOf(desc.Type) == structOf(service.Type) {
			return d.declaration
		}
	}
	return nil
}
