package fxrestate

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/handler"
)

// declaration is what the program says of a service: its type, its options and what
// is attached to it. It has no instance, so that two services can call each other
// without a cycle in the graph. All applications that list the option share it, so it
// does not change.
type declaration struct {
	spec          handler.Spec
	served        bool // by this application, which constructs the instance
	attachments   []Attachment
	handlers      []handlerAttachments
	clients       []any // their constructors
	subscriptions []subscribing
	unguarded     []any // method expressions
}

// handlerAttachments are those of one handler.
type handlerAttachments struct {
	method   any // a method expression, or the handler's name in a definition
	list     []Attachment
	position string
}

func declare[T any](kind handler.Kind, opts []restate.ServiceDefinitionOption, position string) *declaration {
	d := &declaration{spec: handler.Spec{Type: reflect.TypeFor[T](), Kind: kind, Position: position}, clients: clientsOf[T](kind)}
	for _, opt := range opts {
		switch own := opt.(type) {
		case option:
			own.apply(d)
		case Attachment:
			d.attachments = append(d.attachments, own.placed())
		default:
			d.spec.Options = append(d.spec.Options, opt)
		}
	}
	return d
}

// declareForeign reads the options of a definition, and returns what is wrong with them.
func declareForeign(opts []restate.ServiceDefinitionOption, position string) (d *declaration, mistakes []error) {
	d = &declaration{spec: handler.Spec{Position: position}}
	for _, opt := range opts {
		switch own := opt.(type) {
		case Attachment:
			d.attachments = append(d.attachments, own.placed())
		case option:
			before := len(d.handlers) + len(d.subscriptions)
			own.apply(d)
			if len(d.handlers)+len(d.subscriptions) == before {
				mistakes = append(mistakes, fmt.Errorf("an option for structs (%s), which a definition does not take; set it where the definition is built", own.position))
			}
		case nil:
			mistakes = append(mistakes, errors.New("an option that is nil; leave it out"))
		default:
			mistakes = append(mistakes, errors.New("an option of the SDK, which has no effect here; set it where the definition is built"))
		}
	}
	for _, h := range d.spec.Handlers {
		if len(h.Options) > 0 || h.Name != "" {
			mistakes = append(mistakes, fmt.Errorf("Handler(%v) has options other than attachments; set them where the handler is built", h.Method))
		}
	}
	return d, mistakes
}

// describe reads the declared type under the application's defaults.
func (d *declaration) describe(defaults []restate.ServiceDefinitionOption) (*handler.Descriptor, error) {
	spec := d.spec
	spec.Defaults = defaults
	return spec.Describe()
}

// all returns the attachments of the service and of its handlers.
func (d *declaration) all() []Attachment {
	all := slices.Clone(d.attachments)
	for _, h := range d.handlers {
		all = append(all, h.list...)
	}
	return all
}

// placement is a declaration in an application, with the group that it stands in.
type placement struct {
	*declaration
	group     *group // nil: in none
	decorated bool   // another Config than the one that applies is seen there
}

// contribution puts a placement into its value group. It is a struct because
// fx.Annotate makes a container each time, which made fx.New of hundreds of services
// more than half as slow again.
type contribution struct {
	fx.Out

	Placement placement `group:"fxrestate.placements"`
}

// contribute is a constructor for fx.
func (d *declaration) contribute(s surroundings) contribution {
	return contribution{Placement: s.place(d)}
}

// at formats a position to follow a name.
func at(position string) string {
	if position == "" {
		return ""
	}
	return " (" + position + ")"
}
