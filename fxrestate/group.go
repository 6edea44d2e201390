package fxrestate

import (
	"errors"
	"fmt"
	"slices"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"
)

// Use attaches to all handlers of the application. An fx.Module does not limit it: Use
// inside a module attaches to the handlers of all others too. To limit it to some
// services, use [Group].
//
// Members run in the order of the text: in which fx.New, with its modules and options,
// lists the calls of Use, and each call its attachments.
//
//	fxrestate.Use(trace.Stages, auth.Stages, fxrestate.Filters(httperror.Filter()))
//
// A constructor that is listed in Use runs once, for all handlers.
func Use(attachments ...Attachment) fx.Option {
	list, position := placed(attachments), caller()
	return ownOption{fx.Options(
		provideMembers(list),
		needModule("Use", position),
		// fx shuffles value groups. It does keep the order of modules when it constructs
		// their loggers, which is before it invokes anything: so each Use is a module
		// with a logger.
		fx.Module("fxrestate.Use", fx.WithLogger(func(p place) (fxevent.Logger, error) {
			if p.Group == nil {
				return fxevent.NopLogger, nil
			}
			return fxevent.NopLogger, p.Group.use(list, position)
		})),
	)}
}

// place tells the group that an option stands in.
type place struct {
	fx.In

	Group *group `optional:"true"` // nil: there is no Module
}

// Group limits what [Use] attaches to the services that are listed beside it.
//
//	fxrestate.Group(
//		fxrestate.Use(fxrestate.Guards(NewTenantGuard)), // one instance for both
//		fxrestate.Service[*Tickets](NewTickets),
//		fxrestate.Object[*Inbox](NewInbox),
//	)
//
// A group is a level of its own: its members run after the application's and
// before the service's, filters the other way round. A group in a group comes after
// the outer one.
//
// Options are Use, [Service], [Object], [Workflow], [Definition], Group, and options of
// fx, such as an fx.Module that registers services. A group without a service is an
// error of fx.New.
//
// Services that plain providers put into [RegistrationGroup] or [DefinitionGroup] are
// never in a group. If there are some, and a group has options of fx which may provide
// them, that is an error of fx.New too.
func Group(opts ...fx.Option) fx.Option {
	position, open := caller(), false
	opts = slices.Clone(opts)
	for i, opt := range opts {
		switch opt.(type) {
		case ownOption:
		case nil:
			opts[i] = reportMistake("Group (%s): option %d is nil; leave it out", position, i+1)
		default:
			open = true
		}
	}
	return ownOption{fx.Module("fxrestate.Group", append(opts,
		// Options in the module, at any depth, get this group and not the outer one.
		fx.Decorate(func(p place) *group { return &group{outer: p.Group, position: position, open: open} }),
		fx.Provide(func(g *group) grouped { return grouped{Group: g} }),
	)...)}
}

// ownOption is an option of this package. It provides no service behind the back of a
// [Group].
type ownOption struct{ fx.Option }

// group is a set of services with attachments of its own. The outermost one is the
// application.
type group struct {
	outer       *group // nil: the application
	position    string
	open        bool // it has options of fx, which may provide anything
	attachments []Attachment
	planned     bool // of the application: it is too late to attach
}

// grouped puts a group into the value group of all.
type grouped struct {
	fx.Out

	Group *group `group:"fxrestate.groups"`
}

// newApplication is the group that has all services.
func newApplication() *group { return &group{} }

// use appends the attachments of one call of [Use].
func (g *group) use(list []Attachment, position string) error {
	application := g
	for application.outer != nil {
		application = application.outer
	}
	if application.planned {
		return fmt.Errorf("fxrestate: Use (%s) comes after the services were built, because a constructor given to fx.WithLogger depends on them; remove that dependency", position)
	}
	g.attachments = append(g.attachments, list...)
	return nil
}

// path returns the group and those that it stands in, outermost first, without the
// application.
func (g *group) path() []*group {
	if g == nil || g.outer == nil {
		return nil
	}
	return append(g.outer.path(), g)
}

// checkGroups reports groups without a service. It also reports groups that may have
// services of plain providers: their members would not run, and a guard that never runs
// must not go unnoticed.
func checkGroups(groups []*group, used map[*group]bool, plain []string) error {
	var errs []error
	for _, g := range groups {
		if !used[g] {
			errs = append(errs, fmt.Errorf("fxrestate: Group (%s) has no service; list those that it is for, or leave it out", g.position))
		}
		if g.open {
			for _, name := range plain {
				errs = append(errs, fmt.Errorf("fxrestate: Group (%s) has options that may provide %s, which no group can attach to; register it with Service, Object, Workflow or Definition, or move the other options out of the group: what they provide is there for all of the application", g.position, name))
			}
		}
	}
	return errors.Join(errs...)
}
