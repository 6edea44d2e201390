package fxrestate

import (
	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/handler"
)

// option is an option of this package. It stands in one list with the SDK's: the
// embedded option of the SDK makes it one of them. Only where nobody takes it out
// again that one does something: it leaves a trace for [misplaced].
type option struct {
	restate.ServiceDefinitionOption
	apply    func(*declaration)
	position string
}

func newOption(position string, apply func(*declaration)) option {
	return option{restate.WithMetadata(misplacedKey, position), apply, position}
}

// Name gives the service its name. Without it the name is what the type's method
// ServiceName() string returns, else the name of the type.
func Name(name string) restate.ServiceDefinitionOption {
	return newOption(caller(), func(d *declaration) { d.spec.Name = name })
}

// Naming names the handlers of the service: strategy gets the name of the method
// and returns that of the handler. Without it they are the same. Use
// [handler.LowerCamel] to be called from services in other languages.
func Naming(strategy func(method string) string) restate.ServiceDefinitionOption {
	return newOption(caller(), func(d *declaration) { d.spec.Naming = strategy })
}

// Exclude keeps methods, given as method expressions such as (*Cart).Restock,
// from becoming handlers although they take a Restate context first.
func Exclude(methods ...any) restate.ServiceDefinitionOption {
	return newOption(caller(), func(d *declaration) { d.spec.Exclude = append(d.spec.Exclude, methods...) })
}

// Handler sets the options of one handler, given as a method expression such as
// (*Payments).Charge. They override those of the service. Options are those of
// the SDK, [HandlerName] and any [Attachment].
//
// In [Definition] the handler is given by its name on the wire, as a string, and
// the options are attachments.
func Handler(method any, opts ...restate.HandlerOption) restate.ServiceDefinitionOption {
	h := handler.HandlerSpec{Method: method}
	var attachments []Attachment
	for _, opt := range opts {
		switch own := opt.(type) {
		case handlerOption:
			own.apply(&h)
		case Attachment:
			attachments = append(attachments, own)
		default:
			h.Options = append(h.Options, opt)
		}
	}
	position := caller()
	return newOption(position, func(d *declaration) {
		d.spec.Handlers = append(d.spec.Handlers, h)
		d.handlers = append(d.handlers, handlerAttachments{method, placed(attachments), position})
	})
}

// handlerOption is to [option] as a handler is to a service.
type handlerOption struct {
	restate.HandlerOption
	apply func(*handler.HandlerSpec)
}

// HandlerName gives a handler another name than [Naming] would.
func HandlerName(name string) restate.HandlerOption {
	return handlerOption{restate.WithMetadata(misplacedKey, caller()), func(h *handler.HandlerSpec) { h.Name = name }}
}
