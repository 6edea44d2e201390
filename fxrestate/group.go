package fxrestate

import (
	"errors"
	"fmt"
	"slices"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"
)

// Use attaches to all handlers of the application or, inside [Group], to those of
// the group. To limit attachments to some services, list both in a Group: an
// fx.Module does not limit them, and Use inside one is as global as outside.
//
// The order is that of the text: in which fx.New, its modules and options list the
// calls of Use, and each call its attachments.
//
//	fxrestate.Use(trace.Stages, auth.Stages, fxrestate.Filters(pipeline.HTTPErrors()))
//
// A constructor that is listed in Use runs once, for all handlers.
func Use(attachments ...Attachment) fx.Option {
	list, position := placed(attachments), caller()
	return ownOption{fx.Options(
		provideMembers(list),
		// fx does not keep the order of a value group. What it does keep is the order
		// of modules, whose loggers it constructs one after the other before anything
		// is invoked: so each Use is a module that has one.
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
// Options are Use, [Service], [Object], [Workflow], [Definition], Group, and any
// option of fx, such as the fx.Module that a part of the application comes as. What a
// provider puts into [RegistrationGroup] or [DefinitionGroup] is never in a group:
// where a group could be meant to have it, that is an error of fx.New. So is a
// group without a service.
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
		// All that stands in the module, at any depth, gets this group for the outer one.
		fx.Decorate(func(p place) *group { return &group{outer: p.Group, position: position, open: open} }),
		fx.Provide(func(g *group) grouped { return grouped{Group: g} }),
	)...)}
}

// ownOption is an option of this package. A [Group] knows what it brings.
type ownOption struct{ fx.Option }

// group is a set of services with attachments of its own. The outermost one is the
// application.
type group struct {
	outer       *group // nil: the application
	position    string
	open        bool // it has options of which this package knows nothing
	attachments []Attachment
	planned     bool // of the application: nothing can be attached any more
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
		return fmt.Errorf("fxrestate: Use (%s) comes after the services were built, for a constructor given to fx.WithLogger; let that one take no part of this module", position)
	}
	g.attachments = append(g.attachments, list...)
	return nil
}

// path returns the groups that a group stands in and itself, the application
// aside, outermost first.
func (g *group) path() []*group {
	if g == nil || g.outer == nil {
		return nil
	}
	return append(g.outer.path(), g)
}

// checkGroups reports groups that have no service, and groups of which nobody can
// tell whether they have those that plain providers made.
func checkGroups(groups []*group, used map[*group]bool, plain []string) error {
	var errs []error
	for _, g := range groups {
		if !used[g] {
			errs = append(errs, fmt.Errorf("fxrestate: Group (%s) has no service; list those that it is for, or leave it out", g.position))
		}
		if g.open {
			for _, name := range plain {
				errs = append(errs, fmt.Errorf("fxrestate: Group (%s) has options that may provide %s, which no group can attach to; register it with Service, Object, Workflow or Definition, or list nothing but options of package fxrestate in the group", g.position, name))
			}
		}
	}
	return errors.Join(errs...)
}
