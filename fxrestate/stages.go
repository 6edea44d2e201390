package fxrestate

import (
	"fmt"
	"log/slog"
	"reflect"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/pipeline"
)

// assembler makes the pipelines of services from what is attached to them, and
// collects what is wrong with it.
type assembler struct {
	made     map[*member]any
	registry *handler.Registry
	services map[reflect.Type]*handler.Descriptor // by struct; nil: it has mistakes
	config   PipelineConfig
	global   pipeline.Stages
	values   []any
	errs     []error
}

func newAssembler(cfg PipelineConfig, registry *handler.Registry, made []constructed) *assembler {
	a := &assembler{
		made: make(map[*member]any, len(made)), registry: registry,
		services: make(map[reflect.Type]*handler.Descriptor), config: cfg,
	}
	for _, c := range made {
		a.made[c.member] = c.value
	}
	return a
}

// use makes the stages of all services. It comes after the services are known.
func (a *assembler) use(uses []globalAttachments, log *slog.Logger) {
	a.global, a.values = a.stages(inOrder(uses))
	a.global.Observers = append([]pipeline.Observer{pipeline.LogPanics(log)}, a.global.Observers...)
}

// base is what [Use] and the configuration make of every pipeline.
func (a *assembler) base() pipeline.Pipeline {
	return pipeline.Pipeline{
		Global:              a.global,
		ServiceValues:       a.values,
		WithoutGuards:       a.config.WithoutGuards,
		WithoutInterceptors: a.config.WithoutInterceptors,
		WithoutFilters:      a.config.WithoutFilters,
	}
}

// check looks for mistakes in what is attached to a service that has others.
func (a *assembler) check(d *declaration) {
	a.stages(d.attachments)
	for _, h := range d.handlers {
		a.stages(h.list)
	}
}

// of is the pipeline of a declared service.
func (a *assembler) of(d *declaration, desc *handler.Descriptor) pipeline.Pipeline {
	p := a.base()
	var values []any
	p.Service, values = a.stages(d.attachments)
	p.ServiceValues = append(values, a.values...)
	if len(d.handlers) == 0 {
		return p
	}
	p.Handlers = make(map[string]pipeline.Stages, len(d.handlers))
	p.Values = make(map[string][]any, len(d.handlers))
	for _, h := range d.handlers {
		m, err := desc.Resolve(h.method)
		if err != nil {
			a.errs = append(a.errs, err)
			continue
		}
		p.Handlers[m.Name], p.Values[m.Name] = a.stages(h.list)
	}
	return p
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

// stages makes what the pipeline compiles of the attachments of one level.
func (a *assembler) stages(attachments []Attachment) (s pipeline.Stages, values []any) {
	for _, at := range attachments {
		for _, m := range at.members {
			v, err := m.get(a.made)
			if err == nil {
				if err = pipeline.Check(v); err != nil {
					err = fmt.Errorf("fxrestate: %s (%s) %w", m.stage, m.position, err)
				}
			}
			if err != nil {
				a.errs = append(a.errs, err)
				continue
			}
			m.add(&s, v)
		}
		values = append(values, at.values...)
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
	return s, values
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
