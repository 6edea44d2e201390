package pipeline

import (
	"errors"
	"fmt"
	"path"
	"reflect"
	"runtime"
	"strings"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/safeerr"
)

// Member is one member of a chain, for people to read.
type Member struct {
	// Stage is "observer", "guard", "interceptor", "pipe", "filter",
	// "error mapping", "dead letter", "step interceptor" or "call interceptor".
	Stage string
	// Level is "global", "group", "service" or "handler".
	Level string
	// Name is what the member's String method returns, or else the name of its
	// type or function.
	Name string
}

// Target returns the handler that the chain is for. It must not be changed.
func (c *Chain) Target() *handler.Target { return &c.target }

// Members returns the members of the chain, stage by stage, each stage in the
// order in which it runs.
func (c *Chain) Members() []Member { return append([]Member(nil), c.members...) }

// String returns the chain as text, for instance:
//
//	payments/Charge (service)
//	  guard        global   *auth.Guard
//	  guard        handler  *shop.AmountGuard
//	  interceptor  global   shop.timing
func (c *Chain) String() string {
	width := 0
	for _, m := range c.members {
		width = max(width, len(m.Stage))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n", &c.target, c.target.Role())
	for _, m := range c.members {
		fmt.Fprintf(&b, "  %-*s  %-7s  %s\n", width, m.Stage, m.Level, m.Name)
	}
	return b.String()
}

// level is where stages are attached.
type level struct {
	name   string
	stages Stages
}

// members gathers the members of a chain and what is wrong with them.
type members struct {
	target  *handler.Target
	list    []Member
	missing []error
}

func (m *members) add(stage, level, name string) {
	m.list = append(m.list, Member{Stage: stage, Level: level, Name: name})
}

// gather joins the members of one stage over the levels.
func gather[T any](m *members, stage string, levels []level, of func(*Stages) []T) []T {
	var all []T
	for _, l := range levels {
		for i, member := range of(&l.stages) {
			if err := Check(member); err != nil {
				m.missing = append(m.missing, fmt.Errorf("pipeline: %s: %s number %d of the %s level %w",
					m.target, stage, i+1, l.name, err))
				continue
			}
			all = append(all, member)
			m.add(stage, l.name, nameOf(member))
		}
	}
	return all
}

// Check tells what is wrong with a member of a pipeline, as far as can be known
// before it runs, in words that go on from its name: that it, or the pointer or
// function in it, is nil, or what its method Check says, if it has one:
//
//	Check() error
//
// [Compile] checks all members.
func Check(member any) error {
	if isNil(member) {
		return errNil
	}
	checked, ok := member.(interface{ Check() error })
	if !ok {
		return nil
	}
	err := error(errChecked)
	_, returned := safeerr.Read(func() string { err = safeerr.Of(checked.Check()); return "" })
	if !returned {
		return errChecked
	}
	return err
}

var (
	errNil     = errors.New("is nil")
	errChecked = errors.New("has a method Check that panics")
)

// isNil reports whether an interface, or the func or pointer in it, is nil.
func isNil(member any) bool {
	v := reflect.ValueOf(member)
	switch v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Func, reflect.Pointer:
		return v.IsNil()
	default:
		return false
	}
}

// nameOf names a member of a pipeline.
func nameOf(member any) string {
	switch {
	case isNil(member):
		return "nil"
	case reflect.TypeOf(member).Kind() == reflect.Func:
		return funcName(member)
	}
	if s, ok := member.(fmt.Stringer); ok {
		if name, ok := safeerr.Read(s.String); ok {
			return name
		}
	}
	return reflect.TypeOf(member).String()
}

// funcName names a function as "package.Function".
func funcName(fn any) string {
	f := runtime.FuncForPC(reflect.ValueOf(fn).Pointer())
	if f == nil {
		return reflect.TypeOf(fn).String()
	}
	return path.Base(f.Name())
}
