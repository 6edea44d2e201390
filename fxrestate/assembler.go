package fxrestate

import (
	"fmt"
	"log/slog"
	"reflect"
	"slices"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/telemetry"
)

// assembler makes the pipelines of services from their attachments, and collects the
// mistakes in them.
type assembler struct {
	instances map[*member]any
	registry  *handler.Registry
	services  map[reflect.Type]*handler.Descriptor // by struct; nil: it has mistakes
	config    PipelineConfig
	defaults  []restate.ServiceDefinitionOption
	global    level
	groups    map[*group]level
	errs      []error
}

// level has the members and metadata of one level.
type level struct {
	stages pipeline.Stages
	values []any
}

func newAssembler(cfg Config, registry *handler.Registry, instances []instance) *assembler {
	a := &assembler{
		instances: byMember(instances), registry: registry,
		services: make(map[reflect.Type]*handler.Descriptor), config: cfg.Pipeline, defaults: cfg.Defaults,
		groups: map[*group]level{},
	}
	return a
}

// use makes the levels of the application and of its groups. Call it when the services
// are known, since a dead letter names one.
func (a *assembler) use(application *group, groups []*group, log *slog.Logger, t *telemetry.Telemetry, remembers *seen) {
	a.global = a.level(application.attachments)
	own, s := t.Stages(), &a.global.stages
	s.Observers = slices.Concat(own.Observers, []pipeline.Observer{remembers.beside(pipeline.LogPanics(log))}, s.Observers)
	s.StepInterceptors = slices.Concat(own.StepInterceptors, s.StepInterceptors)
	s.CallInterceptors = slices.Concat(own.CallInterceptors, s.CallInterceptors)
	for _, g := range groups {
		a.groups[g] = a.level(g.attachments)
	}
}

// base returns the pipeline of a service without its handlers' level.
func (a *assembler) base(d placement) pipeline.Pipeline {
	own := a.level(d.attachments)
	p := pipeline.Pipeline{
		Global:              a.global.stages,
		Service:             own.stages,
		ServiceValues:       own.values,
		WithoutGuards:       a.config.WithoutGuards,
		WithoutInterceptors: a.config.WithoutInterceptors,
		WithoutFilters:      a.config.WithoutFilters,
	}
	path := d.group.path()
	for _, g := range path {
		p.Groups = append(p.Groups, a.groups[g].stages)
	}
	for _, g := range slices.Backward(path) { // the nearest is found first
		p.ServiceValues = append(p.ServiceValues, a.groups[g].values...)
	}
	p.ServiceValues = append(p.ServiceValues, a.global.values...)
	return p
}

// check collects the mistakes in the attachments of a service that has no descriptor.
func (a *assembler) check(d *declaration) {
	a.level(d.attachments)
	for _, h := range d.handlers {
		a.level(h.list)
	}
}

// of returns the pipeline of a declared service.
func (a *assembler) of(d placement, desc *handler.Descriptor) pipeline.Pipeline {
	p := a.base(d)
	p.Handlers = make(map[string]pipeline.Stages, len(d.handlers))
	p.Values = make(map[string][]any, len(d.handlers))
	for _, h := range d.handlers {
		m, err := desc.Resolve(h.method)
		if err != nil {
			a.errs = append(a.errs, err)
			continue
		}
		own := a.level(h.list)
		p.Handlers[m.Name], p.Values[m.Name] = own.stages, own.values
	}
	for _, method := range d.unguarded {
		m, err := desc.Resolve(method)
		if err != nil {
			a.errs = append(a.errs, err)
			continue
		}
		p.Unguarded = append(p.Unguarded, m.Name)
	}
	return p
}

// around returns a definition with its pipeline, or nil after a mistake.
func (a *assembler) around(f foreign) restate.ServiceDefinition {
	p := a.base(f.placement)
	if isNil(f.definition) {
		a.errs = append(a.errs, fmt.Errorf("fxrestate: a constructor given to Definition returned nil; return a definition, or an error with it%s", at(f.spec.Position)))
		return nil
	}
	p.Handlers = make(map[string]pipeline.Stages, len(f.handlers))
	p.Values = make(map[string][]any, len(f.handlers))
	for _, h := range f.handlers {
		own := a.level(h.list)
		name, err := h.in(f.definition)
		if _, twice := p.Handlers[name]; twice && err == nil {
			err = fmt.Errorf("%s/%s has attachments twice; write them in one place", f.definition.Name(), name)
		}
		if err != nil {
			a.errs = append(a.errs, fmt.Errorf("fxrestate: Handler (%s): %w", h.position, err))
			continue
		}
		p.Handlers[name], p.Values[name] = own.stages, own.values
	}
	def, err := endpoint.DefineForeign(p, f.definition, a.defaults...)
	if err != nil {
		a.errs = append(a.errs, fmt.Errorf("fxrestate: the definition of %s%s: %w", f.definition.Name(), at(f.spec.Position), err))
	}
	return def
}

// serves reports whether this application has the service.
func (a *assembler) serves(d *handler.Descriptor) bool {
	own, ok := a.services[structOf(d.Type)]
	return ok && (own == nil || own.Name == d.Name)
}

// structOf is the struct that a service's type is or points to.
func structOf(t reflect.Type) reflect.Type {
	if t != nil && t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// level makes the level that attachments describe.
func (a *assembler) level(attachments []Attachment) level {
	var l level
	s := &l.stages
	for _, at := range attachments {
		for _, m := range at.members {
			v, err := m.get(a.instances)
			if err == nil {
				if err = pipeline.Check(v); err != nil {
					err = fmt.Errorf("fxrestate: %s (%s) %w", m.stage, m.position, err)
				}
			}
			if err != nil {
				a.errs = append(a.errs, err)
				continue
			}
			m.add(s, v)
		}
		l.values = append(l.values, at.values...)
		switch {
		case at.asTerminal == nil:
		case *at.asTerminal == nil:
			a.problem(at, "AsTerminalError: the function is nil; leave it out, or map errors with it")
		case s.AsTerminalError != nil:
			a.problem(at, "a second AsTerminalError at one level; let one function map all errors")
		default:
			s.AsTerminalError = *at.asTerminal
		}
		switch {
		case at.deadLetter == nil:
		case s.DeadLetter != nil:
			a.problem(at, "a second DeadLetter at one level; send the letters to one handler")
		default:
			s.DeadLetter = a.deadLetter(at)
		}
	}
	return l
}

func (a *assembler) problem(at Attachment, format string, args ...any) {
	a.errs = append(a.errs, fmt.Errorf("fxrestate: "+format+" (%s)", append(args, at.position)...))
}

// deadLetter resolves the handler that gets the letters.
func (a *assembler) deadLetter(at Attachment) *pipeline.DeadLetter {
	ref, err := a.registry.Resolve(*at.deadLetter)
	switch {
	case err != nil:
		a.problem(at, "DeadLetter: %w", err)
		return nil
	case !a.serves(ref.Service):
		a.problem(at, "DeadLetter: %s is not a service of this application; register it with fxrestate.Service", ref.Service.Type)
		return nil
	case ref.Service.Kind != handler.Service:
		a.problem(at, "DeadLetter: %s is a handler of a %s; name a handler of a service", ref.Target(), ref.Service.Kind)
		return nil
	case ref.Method.Input != reflect.TypeFor[pipeline.Letter]():
		a.problem(at, "DeadLetter: %s takes no pipeline.Letter; let it take one", ref.Target())
		return nil
	}
	return &pipeline.DeadLetter{
		Service: ref.Service.Name,
		Handler: ref.Method.Name,
		Send: func(ctx restate.Context, letter pipeline.Letter) error {
			restate.ServiceSend(ctx, ref.Service.Name, ref.Method.Name, ref.Method.ClientOptions()...).Send(letter)
			return nil
		},
	}
}
