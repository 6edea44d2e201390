package fxrestate

import (
	"cmp"
	"slices"
	"sync/atomic"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/pipeline"
)

// Attachment is a part of the pipeline that runs around handlers: guards,
// interceptors, pipes, filters and more. It is attached to
//
//   - all handlers of the application, with [Use],
//   - a service, as an option of [Service], [Object] or [Workflow],
//   - a handler, as an option of [Handler].
//
// Members are given as values or as constructors, which are functions as for
// fx.Provide: fx makes one instance for each place where the attachment is listed.
// The order of members is that of the program's text: those of [Use] before the
// service's, and those before the handler's; filters the other way round. See
// package pipeline for what the members are and when they run.
//
// An attachment is a value: it can be kept in a variable and listed in any number
// of places and applications.
type Attachment struct {
	// The embedded options of the SDK let an attachment stand among the options
	// of a service and of a handler. Where nobody takes it out again, they leave a
	// trace for [misplaced].
	restate.ServiceDefinitionOption
	restate.HandlerOption

	members    []*member
	asTerminal *func(error) restate.TerminalError
	deadLetter *any // method expression
	values     []any
	position   string
}

func newAttachment(position string) Attachment {
	trace := restate.WithMetadata(misplacedKey, position)
	return Attachment{ServiceDefinitionOption: trace, HandlerOption: trace, position: position}
}

func attach[T any](st stage[T], list []any, position string) Attachment {
	a := newAttachment(position)
	for _, m := range list {
		a.members = append(a.members, newMember(st, m, position))
	}
	return a
}

// Guards attaches guards: each is a [pipeline.Guard], a function of the form of
// [pipeline.GuardFunc], or a constructor of a guard.
func Guards(guards ...any) Attachment {
	return attach(stage[pipeline.Guard]{"a guard", pipeline.GuardFunc(nil), func(s *pipeline.Stages, m pipeline.Guard) {
		s.Guards = append(s.Guards, m)
	}}, guards, caller())
}

// Interceptors attaches interceptors: each is a [pipeline.Interceptor], a function
// of the form of [pipeline.InterceptorFunc], or a constructor of an interceptor.
func Interceptors(interceptors ...any) Attachment {
	return attach(stage[pipeline.Interceptor]{"an interceptor", pipeline.InterceptorFunc(nil), func(s *pipeline.Stages, m pipeline.Interceptor) {
		s.Interceptors = append(s.Interceptors, m)
	}}, interceptors, caller())
}

// Pipes attaches pipes: each is a [pipeline.Pipe], a function of the form of
// [pipeline.PipeFunc], or a constructor of a pipe.
func Pipes(pipes ...any) Attachment {
	return attach(stage[pipeline.Pipe]{"a pipe", pipeline.PipeFunc(nil), func(s *pipeline.Stages, m pipeline.Pipe) {
		s.Pipes = append(s.Pipes, m)
	}}, pipes, caller())
}

// Filters attaches filters: each is a [pipeline.Filter], a function of the form of
// [pipeline.FilterFunc], or a constructor of a filter.
func Filters(filters ...any) Attachment {
	return attach(stage[pipeline.Filter]{"a filter", pipeline.FilterFunc(nil), func(s *pipeline.Stages, m pipeline.Filter) {
		s.Filters = append(s.Filters, m)
	}}, filters, caller())
}

// Observers attaches observers: each is a [pipeline.Observer], a function of the
// form of [pipeline.ObserverFunc], or a constructor of an observer.
func Observers(observers ...any) Attachment {
	return attach(stage[pipeline.Observer]{"an observer", pipeline.ObserverFunc(nil), func(s *pipeline.Stages, m pipeline.Observer) {
		s.Observers = append(s.Observers, m)
	}}, observers, caller())
}

// StepInterceptors attaches interceptors of restate.Run closures: each is a
// [pipeline.StepInterceptor], a function of the form of
// [pipeline.StepInterceptorFunc], or a constructor of one.
func StepInterceptors(interceptors ...any) Attachment {
	return attach(stage[pipeline.StepInterceptor]{"a step interceptor", pipeline.StepInterceptorFunc(nil), func(s *pipeline.Stages, m pipeline.StepInterceptor) {
		s.StepInterceptors = append(s.StepInterceptors, m)
	}}, interceptors, caller())
}

// CallInterceptors attaches interceptors of the calls and sends that handlers make
// with typed clients: each is a [pipeline.CallInterceptor], a function of the form
// of [pipeline.CallInterceptorFunc], or a constructor of one.
func CallInterceptors(interceptors ...any) Attachment {
	return attach(stage[pipeline.CallInterceptor]{"a call interceptor", pipeline.CallInterceptorFunc(nil), func(s *pipeline.Stages, m pipeline.CallInterceptor) {
		s.CallInterceptors = append(s.CallInterceptors, m)
	}}, interceptors, caller())
}

// AsTerminalError attaches an error mapping: it returns the terminal error that an
// error stands for, or nil to have the invocation retried. It is asked after the
// filters, that of the handler first, and for errors of restate.Run closures. It
// takes no constructor: what needs the graph to map errors is a filter, and a step
// interceptor for those closures.
func AsTerminalError(mapping func(error) restate.TerminalError) Attachment {
	a := newAttachment(caller())
	a.asTerminal = &mapping
	return a
}

// DeadLetter attaches a handler that is sent a [pipeline.Letter] for each terminal
// failure: a method expression of a service's handler that takes one, such as
// (*Graveyard).Bury.
func DeadLetter(method any) Attachment {
	a := newAttachment(caller())
	a.deadLetter = &method
	return a
}

// Attach attaches values of any type for members of the pipeline to read with
// [pipeline.MetadataOf], such as the roles that a guard asks for.
func Attach(values ...any) Attachment {
	a := newAttachment(caller())
	a.values = values
	return a
}

// Use attaches to all handlers of the application, in the order in which it lists
// the attachments.
//
// The order of several calls of Use is that in which the program called them,
// wherever the options stand afterwards: fx does not tell its listing. In one
// expression, such as the arguments of fx.New, that is the order of the text. A
// call whose option is kept in a package variable comes when the package is
// initialised, before those in functions, however late it is listed. Where the
// order counts, keep attachments in variables, not options, and list them in one
// Use:
//
//	var Stages = fxrestate.Guards(NewAuth) // of a library
//
//	fxrestate.Use(trace.Stages, auth.Stages, fxrestate.Filters(pipeline.HTTPErrors()))
func Use(attachments ...Attachment) fx.Option {
	list := placed(attachments)
	opts := []fx.Option{fx.Supply(fx.Annotate(
		globalAttachments{order: useOrder.Add(1), list: list},
		fx.ResultTags(globalGroup),
	))}
	for _, a := range list {
		opts = append(opts, a.provide())
	}
	return fx.Options(opts...)
}

// useOrder numbers the calls of [Use]. fx keeps no order in its groups, and
// options cannot see each other before the graph is built.
var useOrder atomic.Int64

// globalAttachments are those of one call of Use.
type globalAttachments struct {
	order int64
	list  []Attachment
}

// inOrder joins the attachments of all calls of Use.
func inOrder(uses []globalAttachments) []Attachment {
	slices.SortFunc(uses, func(a, b globalAttachments) int { return cmp.Compare(a.order, b.order) })
	var all []Attachment
	for _, u := range uses {
		all = append(all, u.list...)
	}
	return all
}

// placed returns the attachment for one more place: with members of its own, so
// that each place has its own instances.
func (a Attachment) placed() Attachment {
	members := make([]*member, len(a.members))
	for i, m := range a.members {
		own := *m
		members[i] = &own
	}
	a.members = members
	return a
}

func placed(attachments []Attachment) []Attachment {
	list := make([]Attachment, len(attachments))
	for i, a := range attachments {
		list[i] = a.placed()
	}
	return list
}

// provide brings the constructors of the members into the graph.
func (a Attachment) provide() fx.Option {
	var opts []fx.Option
	for _, m := range a.members {
		if m.provide != nil {
			opts = append(opts, m.provide(m))
		}
	}
	return fx.Options(opts...)
}
