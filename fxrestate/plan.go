package fxrestate

import (
	"errors"
	"log/slog"
	"reflect"
	"slices"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/logging"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/telemetry"
)

// plan is what the application will serve: services with their pipelines, still without
// the instances that fx constructs. A plan has no mistakes.
type plan struct {
	catalog     *catalog
	pipelines   map[*declaration]pipeline.Pipeline
	contributed []Registration
	foreign     []restate.ServiceDefinition // with their pipelines
	telemetry   *telemetry.Telemetry
	notes       *notes
	// subscriptions to Kafka
	subscriptions []deployment.Subscription
}

// notes are what may be a mistake, for the log.
type notes struct {
	errs   []error
	events *events
}

func (n *notes) add(err error) { n.errs = append(n.errs, err) }

// all returns the notes at the start, when all functions given to fx.Invoke have run.
func (n *notes) all() []error { return append(n.errs, n.events.unused()...) }

type planParams struct {
	fx.In

	Demands     *demands // first
	Settings    *settings
	Notes       *notes
	Log         *logging.Handler
	Catalog     *catalog
	Application *group
	Seen        *seen
	Groups      []*group       `group:"fxrestate.groups"`
	Contributed []Registration `group:"fxrestate.registrations"`
	Foreign     []foreign      `group:"fxrestate.foreign"`
	Stray       given[Registration]
	Plain       given[restate.ServiceDefinition]
	Definitions []restate.ServiceDefinition `group:"fxrestate.definitions"`
	Instances   []instance                  `group:"fxrestate.instances"`
	Mistakes    []mistake                   `group:"fxrestate.mistakes"`
	HTTPServers []httpDeclaration           `group:"fxrestate.http"`
	Observed    []observed                  `group:"fxrestate.telemetry"`
	Describer   *describer                  `optional:"true"`
	Cron        []cronJob                   `group:"fxrestate.cron"`
	Declarer    *declarer                   `optional:"true"`
}

// newPlan returns one error with all mistakes that can be found without instances.
func newPlan(p planParams) (*plan, error) {
	p.Application.planned = true
	definitions := withPlain(p.Foreign, p.Definitions)
	errs := []error{p.Settings.mistakes, p.Settings.Validate(), p.Catalog.err, misplaced(p.Settings.Defaults, definitions), checkHTTP(p.HTTPServers)}
	for _, m := range p.Mistakes {
		errs = append(errs, m.err)
	}
	errs = append(errs, p.Demands.errs...)
	for _, r := range p.Contributed {
		errs = append(errs, p.Catalog.learn(r, p.Settings.Defaults))
	}
	if p.Stray.provided {
		errs = append(errs, errors.New("fxrestate: a Registration is provided outside of the value group, so nothing serves it; annotate its constructor with fx.ResultTags(fxrestate.RegistrationGroup), or list Service, Object or Workflow"))
	}
	if p.Plain.provided && len(definitions) == 0 {
		p.Notes.add(errors.New("fxrestate: a restate.ServiceDefinition is provided, and nothing serves it; list its constructor with fxrestate.Definition, or annotate it with fx.ResultTags(fxrestate.DefinitionGroup)"))
	}
	errs = append(errs, p.Declarer.resolve(p.Cron, p.Catalog.registry))
	served := p.served()
	errs = append(errs, p.checkGroups(served, definitions))
	pipelines := newAssembler(p.Settings.Config, p.Catalog.registry, p.Instances)
	for _, d := range served {
		pipelines.services[structOf(d.spec.Type)] = p.Catalog.descriptors[d.declaration]
	}
	observed, err := onlyTelemetry(p.Observed)
	errs = append(errs, err)
	pipelines.use(p.Application, p.Groups, slog.New(p.Log), observed, p.Seen)

	pl := &plan{
		catalog: p.Catalog, pipelines: map[*declaration]pipeline.Pipeline{}, contributed: p.Contributed,
		telemetry: observed, notes: p.Notes,
	}
	if err := decorated(p.Catalog.placements, p.Foreign); err != nil {
		pl.notes.add(err)
	}
	var named []*handler.Descriptor
	subscribed := &subscriptions{at: map[string]string{}}
	for _, d := range served {
		desc := p.Catalog.descriptors[d.declaration]
		if desc == nil {
			pipelines.check(d.declaration)
			subscribed.of(d.declaration, "", nil)
			continue
		}
		named = append(named, desc)
		for _, method := range desc.Plain {
			pl.notes.add(method)
		}
		for _, field := range plainLoggers(desc) {
			pl.notes.add(field)
		}
		pl.pipelines[d.declaration] = pipelines.of(d, desc)
		subscribed.of(d.declaration, desc.Name, handlerOf(desc))
	}
	for _, f := range definitions {
		def := pipelines.around(f)
		if def == nil {
			continue
		}
		named = append(named, &handler.Descriptor{Name: def.Name(), Type: reflect.TypeOf(f.definition), Position: f.spec.Position})
		pl.foreign = append(pl.foreign, def)
		subscribed.of(f.declaration, def.Name(), handlerIn(def))
	}
	pl.subscriptions = subscribed.list
	_, err = handler.NewRegistry(named...)
	err = errors.Join(slices.Concat(errs, []error{err}, pipelines.errs, subscribed.errs)...)
	if err != nil || p.Describer == nil {
		return pl, err
	}
	return nil, p.Describer.describe(p, pl)
}

// served returns the services of this application except definitions of the SDK.
func (p *planParams) served() []placement {
	var served []placement
	for _, d := range p.Catalog.placements {
		if d.served {
			served = append(served, d)
		}
	}
	for _, r := range p.Contributed {
		if r.declaration != nil {
			served = append(served, placement{declaration: r.declaration})
		}
	}
	return served
}

// checkGroups collects what [checkGroups] needs.
func (p *planParams) checkGroups(served []placement, definitions []foreign) error {
	used := map[*group]bool{}
	for _, d := range served {
		for _, g := range d.group.path() {
			used[g] = true
		}
	}
	for _, f := range definitions {
		for _, g := range f.group.path() {
			used[g] = true
		}
	}
	var plain []string
	for _, r := range p.Contributed {
		if r.declaration != nil {
			plain = append(plain, r.spec.Type.String())
		}
	}
	for _, def := range p.Definitions {
		if !isNil(def) {
			plain = append(plain, "the definition of "+def.Name())
		}
	}
	return checkGroups(p.Groups, used, plain)
}
