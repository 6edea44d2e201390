package fxrestate

import (
	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/handler"
)

// option is an option of this package for a service. The embedded option lets it stand
// in one list with those of the SDK. Where the SDK applies it, it leaves a trace for
// [misplaced].
type option struct {
	restate.ServiceDefinitionOption
	apply    func(*declaration)
	position string
}

func newOption(position string, apply func(*declaration)) option {
	return option{restate.WithMetadata(misplacedKey, position), apply, position}
}

// Name sets the name of the service. Default: what the type's method
// ServiceName() string returns, or else the name of the type.
func Name(name string) restate.ServiceDefinitionOption {
	return newOption(caller(), func(d *declaration) { d.spec.Name = name })
}

// Naming sets the names of the handlers: strategy gets the name of a method and returns
// that of the handler. Default: the name of the method. Use [handler.LowerCamel] for a
// service that is called from other languages.
func Naming(strategy func(method string) string) restate.ServiceDefinitionOption {
	return newOption(caller(), func(d *declaration) { d.spec.Naming = strategy })
}

// Exclude keeps methods that take a Restate context first from becoming handlers, and
// methods that may have been meant as handlers out of the warnings at the start. They are given as
// method expressions, such as (*Cart).Restock.
func Exclude(methods ...any) restate.ServiceDefinitionOption {
	return newOption(caller(), func(d *declaration) { d.spec.Exclude = append(d.spec.Exclude, methods...) })
}

// Handler sets the options of one handler, given as a method expression such as
// (*Payments).Charge. They override those of the service. Options are those of
// the SDK, [HandlerName], [Raw] and any [Attachment].
//
// In [Definition] the handler is given by its name on the wire, as a string, and only
// attachments are allowed.
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

// handlerOption is an option of this package for a handler. See [option].
type handlerOption struct {
	restate.HandlerOption
	apply func(*handler.HandlerSpec)
}

// HandlerName sets the name of a handler. It overrides [Naming].
func HandlerName(name string) restate.HandlerOption {
	return handlerOption{restate.WithMetadata(misplacedKey, caller()), func(h *handler.HandlerSpec) { h.Name = name }}
}

// Raw is an option of [Handler] for a handler that takes a []byte and decodes it
// itself. The server accepts any content type for it, and bodies without one, and the
// handler decides what to do with a bad body. Without Raw a body that does not fit is
// rejected with 400 before the handler runs. The result is encoded as usual. See
// [handler.RawCodec].
//
//	fxrestate.Handler((*Orders).Import, fxrestate.Raw())
func Raw() restate.HandlerOption { return restate.WithInputCodec(handler.RawCodec{}) }
