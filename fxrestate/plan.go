package fxrestate

import (
	"errors"
	"log/slog"
	"reflect"
	"slices"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/logging"
	"github.com/fxrestate/go/pipeline"
)

// catalog is what is known of the services without their instances. Its mistakes
// are kept for newPlan, which reports all at once.
type catalog struct {
	declared    []*declaration
	descriptors map[*declaration]*handler.Descriptor // nil: it has mistakes
	registry    *handler.Registry
	err         error
}

type catalogParams struct {
	fx.In

	Settings *settings
	Declared []*declaration `group:"fxrestate.declarations"`
}

func newCatalog(p catalogParams) *catalog {
	c := &catalog{declared: p.Declared, descriptors: make(map[*declaration]*handler.Descriptor, len(p.Declared))}
	known := make([]*handler.Descriptor, 0, len(p.Declared))
	for _, d := range p.Declared {
		desc, err := d.describe(p.Settings.Defaults)
		c.descriptors[d] = desc
		if err != nil {
			c.err = errors.Join(c.err, err)
			continue
		}
		known = append(known, desc)
	}
	// Names that stand twice are found by newPlan, among all services.
	c.registry, _ = handler.NewRegistry(known...)
	return c
}

// plan is what will be served, but for the instances of the services that this
// package constructs. It has no mistakes.
type plan struct {
	catalog     *catalog
	pipelines   map[*declaration]pipeline.Pipeline
	contributed []Registration
	foreign     []restate.ServiceDefinition
}

type planParams struct {
	fx.In

	Settings    *settings
	Log         *logging.Handler
	Catalog     *catalog
	Declared    []*declaration              `group:"fxrestate.declarations"`
	Contributed []Registration              `group:"fxrestate.registrations"`
	Defined     []definition                `group:"fxrestate.defined"`
	Definitions []restate.ServiceDefinition `group:"fxrestate.definitions"`
	Uses        []globalAttachments         `group:"fxrestate.global"`
	Members     []constructed               `group:"fxrestate.members"`
	Mistakes    []mistake                   `group:"fxrestate.mistakes"`
}

// newPlan reports all mistakes at once that show without the instances.
func newPlan(p planParams) (*plan, error) {
	foreign := allDefinitions(p.Defined, p.Definitions)
	errs := []error{p.Settings.Validate(), p.Catalog.err, misplaced(p.Settings.Defaults, foreign)}
	for _, m := range p.Mistakes {
		errs = append(errs, m.err)
	}
	for _, r := range p.Contributed {
		errs = append(errs, p.Catalog.learn(r, p.Settings.Defaults))
	}
	pipelines := newAssembler(p.Settings.Pipeline, p.Catalog.registry, p.Members)
	served := p.served()
	for _, d := range served {
		pipelines.services[structOf(d.spec.Type)] = p.Catalog.descriptors[d]
	}
	pipelines.use(p.Uses, slog.New(p.Log))

	pl := &plan{catalog: p.Catalog, pipelines: map[*declaration]pipeline.Pipeline{}, contributed: p.Contributed}
	var named []*handler.Descriptor
	for _, d := range served {
		desc := p.Catalog.descriptors[d]
		if desc == nil {
			pipelines.check(d)
			continue
		}
		named = append(named, desc)
		pl.pipelines[d] = pipelines.of(d, desc)
	}
	for _, d := range foreign {
		def := pipelines.definition(d)
		if def == nil {
			continue
		}
		named = append(named, &handler.Descriptor{Name: def.Name(), Type: reflect.TypeOf(d.made), Position: d.decl.spec.Position})
		pl.foreign = append(pl.foreign, def)
	}
	_, err := handler.NewRegistry(named...)
	return pl, errors.Join(append(append(errs, err), pipelines.errs...)...)
}

// served are the services of this application, definitions of the SDK's aside.
func (p *planParams) served() []*declaration {
	var served []*declaration
	for _, d := range p.Declared {
		if d.served {
			served = append(served, d)
		}
	}
	for _, r := range p.Contributed {
		if r.declaration != nil {
			served = append(served, r.declaration)
		}
	}
	return served
}

// define makes the definitions of all services, with the instances.
func (p *plan) define(instances []Registration) ([]restate.ServiceDefinition, error) {
	var errs []error
	definitions := slices.Clone(p.foreign)
	for _, r := range slices.Concat(instances, p.contributed) {
		desc := p.catalog.descriptors[r.declaration]
		if err := desc.Check(r.instance); err != nil {
			errs = append(errs, err)
			continue
		}
		def, err := endpoint.Define(p.pipelines[r.declaration], desc, r.instance)
		errs = append(errs, err)
		definitions = append(definitions, def)
	}
	return definitions, errors.Join(errs...)
}
