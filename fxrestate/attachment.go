package fxrestate

import (
	"fmt"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/pipeline"
)

// Attachment is a part of the pipeline that runs around handlers: guards,
// interceptors, pipes, filters and more. Attach it to
//
//   - all handlers of the application, with [Use],
//   - the services of a group, with [Use] inside [Group],
//   - a service, as an option of [Service], [Object], [Workflow] or [Definition],
//   - a handler, as an option of [Handler].
//
// Members are given as values, as constructors, which are functions as for fx.Provide, or
// as [Provided], for an instance that the application provides already. fx makes one
// instance for each place where the attachment is listed: a Use shares its instances among
// all handlers that it is for.
//
// Members run level by level: those of the application, the group, the service, the
// handler. Within a level the order is that of the program's text. Filters take the
// levels the other way round. See package pipeline for what the members are and
// when they run.
//
// An attachment is a value: keep it in a variable, and list it in any number of
// places and applications.
type Attachment struct {
	// The embedded options of the SDK let an attachment stand among the options
	// of a service and of a handler. Where this package does not take it out again,
	// they leave a trace for [misplaced].
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
	return attach(interceptorStage(), interceptors, caller())
}

func interceptorStage() stage[pipeline.Interceptor] {
	return stage[pipeline.Interceptor]{"an interceptor", pipeline.InterceptorFunc(nil), func(s *pipeline.Stages, m pipeline.Interceptor) {
		s.Interceptors = append(s.Interceptors, m)
	}}
}

// Pipes attaches pipes: each is a [pipeline.Pipe], a function of the form of
// [pipeline.PipeFunc], or a constructor of a pipe.
func Pipes(pipes ...any) Attachment {
	return attach(stage[pipeline.Pipe]{"a pipe", pipeline.PipeFunc(nil), func(s *pipeline.Stages, m pipeline.Pipe) {
		s.Pipes = append(s.Pipes, m)
	}}, pipes, caller())
}

// Filters attaches filters: each is a [pipeline.Filter], a function of the form of
// [pipeline.FilterFunc], or a constructor of a filter. They see the errors of handlers and
// of steps.
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
// with typed clients and, in a [Definition], with the SDK's: each is a
// [pipeline.CallInterceptor], a function of the form of [pipeline.CallInterceptorFunc], or
// a constructor of one.
func CallInterceptors(interceptors ...any) Attachment {
	return attach(stage[pipeline.CallInterceptor]{"a call interceptor", pipeline.CallInterceptorFunc(nil), func(s *pipeline.Stages, m pipeline.CallInterceptor) {
		s.CallInterceptors = append(s.CallInterceptors, m)
	}}, interceptors, caller())
}

// AsTerminalError attaches an error mapping. It returns the terminal error that an error
// stands for, or nil to have the invocation retried. It runs after the filters, the
// handler's first, and for errors of restate.Run closures. It takes no constructor: a
// mapping with dependencies is a filter, or a step interceptor for those closures.
func AsTerminalError(mapping func(error) restate.TerminalError) Attachment {
	a := newAttachment(caller())
	a.asTerminal = &mapping
	return a
}

// DeadLetter attaches a handler that receives a [pipeline.Letter] for each terminal
// failure. The method is a method expression, such as (*Graveyard).Bury, of a service of
// this application that takes a Letter.
func DeadLetter(method any) Attachment {
	a := newAttachment(caller())
	a.deadLetter = &method
	return a
}

// Metadata attaches values of any type for members of the pipeline to read with
// [pipeline.MetadataOf], such as the roles that a guard asks for. Restate does not see
// them: for what it is to show see restate.WithMetadata.
func Metadata(values ...any) Attachment {
	a := newAttachment(caller())
	a.values = values
	return a
}

// placed returns a copy for one place. It has members of its own, since each place has
// its own instances.
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

// provideMembers provides the constructors of one place in a module of their own.
func provideMembers(attachments []Attachment) fx.Option {
	opts := constructors(attachments)
	if len(opts) == 0 {
		return fx.Options()
	}
	return fx.Module("fxrestate.members", opts...)
}

// constructors returns options for the constructors of one place. They stand in a module
// that keeps their names apart from those of other places, which may come from the same
// line.
func constructors(attachments []Attachment) (opts []fx.Option) {
	for _, a := range attachments {
		for _, m := range a.members {
			if m.provide != nil {
				name := fmt.Sprintf("%s (%s) #%d", m.stage, m.position, len(opts)+1)
				opts = append(opts, m.provide(m, name))
			}
		}
	}
	return opts
}
