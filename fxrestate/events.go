package fxrestate

import (
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"
	"sync"

	"go.uber.org/fx/fxevent"
)

// events are what only fx sees of an application: what a module without options of ours
// does with types of ours. An application that gives a logger of its own to fx.WithLogger
// takes them away.
type events struct {
	mu     sync.Mutex
	logger bool     // a *slog.Logger was provided after ours
	unrun  []change // of the Config, by a module
}

// change is an fx.Decorate or fx.Replace.
type change struct{ name, module, position string }

// watch returns a logger that sees the events first.
func (e *events) watch(next fxevent.Logger) fxevent.Logger {
	if e == nil {
		return next
	}
	return watched{next, e}
}

type watched struct {
	fxevent.Logger
	events *events
}

func (w watched) LogEvent(event fxevent.Event) {
	w.events.see(event)
	w.Logger.LogEvent(event)
}

func (e *events) see(event fxevent.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch v := event.(type) {
	case *fxevent.Provided:
		e.provided(v.Err)
	case *fxevent.Supplied:
		e.provided(v.Err)
	case *fxevent.Decorated:
		e.changed(v.DecoratorName, v.ModuleName, v.ModuleTrace, v.OutputTypeNames)
	case *fxevent.Replaced:
		for _, name := range v.OutputTypeNames {
			e.changed("stub("+name+")", v.ModuleName, v.ModuleTrace, []string{name})
		}
	case *fxevent.Run:
		if i := slices.IndexFunc(e.unrun, func(c change) bool { return c.name == v.Name && c.module == v.ModuleName }); i >= 0 {
			e.unrun = slices.Delete(e.unrun, i, i+1)
		}
	}
}

func (e *events) provided(err error) {
	if err != nil && strings.Contains(err.Error(), "cannot provide *slog.Logger from") {
		e.logger = true
	}
}

func (e *events) changed(name, module string, trace, types []string) {
	if module != "" && slices.Contains(types, reflect.TypeFor[Config]().String()) {
		e.unrun = append(e.unrun, change{name, module, position(trace)})
	}
}

// position returns the place in a trace of fx, whose lines are as "main.main (/a/main.go:12)".
func position(trace []string) string {
	if len(trace) == 0 {
		return ""
	}
	_, place, _ := strings.Cut(strings.TrimSuffix(trace[0], ")"), " (")
	return path.Base(place)
}

// secondLogger reports whether the application provides a *slog.Logger after ours.
func (e *events) secondLogger() bool {
	if e == nil {
		return false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.logger
}

// unused names the modules whose decorators of the Config have not run, because nothing in
// the module asks for it. Those that have run are named by [decorated].
func (e *events) unused() (errs []error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range e.unrun {
		errs = append(errs, fmt.Errorf("fxrestate: the fx.Module %q decorates the Config%s, which has no effect on the application; decorate it in fx.New", c.module, at(c.position)))
	}
	return errs
}
