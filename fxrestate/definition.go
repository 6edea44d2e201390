package fxrestate

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/pipeline"
)

// Definition registers a service definition that was not made from a struct by
// this package: one that is built by hand, by restate.Reflect or by generated
// code. The constructor, plain or made with fx.Annotate, returns a
// restate.ServiceDefinition, and an error if it likes. The definition's manifest
// stays as it is, and so does the definition.
//
//	fxrestate.Definition(func(impl *Greeter) restate.ServiceDefinition {
//		return pb.NewGreeterServer(impl)
//	},
//		fxrestate.Guards(NewAuth),                               // for the service
//		fxrestate.Handler("SayHello", fxrestate.Pipes(NewTrim)), // for one handler, by its name
//	)
//
// Options are any [Attachment], and [Handler] with the name of a handler and
// attachments. Those of the SDK go where the definition is made. Members of the
// pipeline see the input undecoded, a []byte, unless the handler's input codec
// tells its type: see [handler.Typed].
func Definition(constructor any, opts ...restate.ServiceDefinitionOption) fx.Option {
	position := caller()
	if err := checkConstructor(constructor, reflect.TypeFor[restate.ServiceDefinition]()); err != nil {
		return reportMistake("Definition (%s): %w", position, err)
	}
	decl := &declaration{spec: handler.Spec{Position: position}}
	options := []fx.Option{}
	for _, err := range decl.attach(opts) {
		options = append(options, reportMistake("Definition (%s): %w", position, err))
	}
	for _, a := range decl.all() {
		options = append(options, a.provide())
	}
	// A private type in a module of its own leaves fx.Annotate to the user.
	return fx.Options(append(options, fx.Module("definition",
		fx.Provide(constructor, fx.Private),
		fx.Provide(fx.Annotate(
			func(made restate.ServiceDefinition) definition { return definition{made, decl} },
			fx.ResultTags(definedGroup),
		)),
	))...)
}

// definition is a service definition with what is attached to it.
type definition struct {
	made restate.ServiceDefinition
	decl *declaration
}

// allDefinitions joins those of [Definition] and those that plain providers put
// into the group.
func allDefinitions(defined []definition, plain []restate.ServiceDefinition) []definition {
	for _, made := range plain {
		defined = append(defined, definition{made, &declaration{}})
	}
	return defined
}

// attach takes the attachments out of the options of a definition, and says what
// is wrong with the others.
func (d *declaration) attach(opts []restate.ServiceDefinitionOption) (mistakes []error) {
	for _, opt := range opts {
		switch own := opt.(type) {
		case Attachment:
			d.attachments = append(d.attachments, own.placed())
		case option:
			before := len(d.handlers)
			own.apply(d)
			if len(d.handlers) == before {
				mistakes = append(mistakes, fmt.Errorf("an option for structs (%s), which a definition does not take; say it where the definition is made", own.position))
			}
		case nil:
			mistakes = append(mistakes, errors.New("an option that is nil; leave it out"))
		default:
			mistakes = append(mistakes, errors.New("an option of the SDK, which comes too late; give it to the definition where that is made"))
		}
	}
	for _, h := range d.spec.Handlers {
		if len(h.Options) > 0 || h.Name != "" {
			mistakes = append(mistakes, fmt.Errorf("Handler(%v) has options that are no attachments; give them to the handler where it is made", h.Method))
		}
	}
	return mistakes
}

// definition makes the definition that is served, or nil, and collects what is
// wrong.
func (a *assembler) definition(d definition) restate.ServiceDefinition {
	p := a.base()
	var values []any
	p.Service, values = a.stages(d.decl.attachments)
	p.ServiceValues = append(values, a.values...)
	if isNil(d.made) {
		a.errs = append(a.errs, fmt.Errorf("fxrestate: a constructor given to Definition returned nil; return a definition, or an error with it%s", at(d.decl.spec.Position)))
		return nil
	}
	p.Handlers = make(map[string]pipeline.Stages, len(d.decl.handlers))
	p.Values = make(map[string][]any, len(d.decl.handlers))
	for _, h := range d.decl.handlers {
		stages, values := a.stages(h.list)
		name, err := h.in(d.made)
		if _, twice := p.Handlers[name]; twice && err == nil {
			err = fmt.Errorf("%s/%s has attachments twice; write them in one place", d.made.Name(), name)
		}
		if err != nil {
			a.errs = append(a.errs, fmt.Errorf("fxrestate: Handler (%s): %w", h.position, err))
			continue
		}
		p.Handlers[name], p.Values[name] = stages, values
	}
	def, err := endpoint.DefineForeign(p, d.made)
	if err != nil {
		a.errs = append(a.errs, fmt.Errorf("fxrestate: the definition of %s%s: %w", d.made.Name(), at(d.decl.spec.Position), err))
	}
	return def
}

// in returns the name of the handler that is meant in a definition.
func (h handlerAttachments) in(def restate.ServiceDefinition) (string, error) {
	name, ok := h.method.(string)
	if !ok {
		return "", fmt.Errorf("it names a handler of the definition of %s by a %T; name it by a string", def.Name(), h.method)
	}
	if _, ok := def.Handlers()[name]; !ok {
		names := slices.Sorted(maps.Keys(def.Handlers()))
		return "", fmt.Errorf("the definition of %s has no handler %q; name one of %s", def.Name(), name, strings.Join(names, ", "))
	}
	return name, nil
}

// at puts a position behind what stands there.
func at(position string) string {
	if position == "" {
		return ""
	}
	return " (" + position + ")"
}
