package fxrestate

import (
	"errors"
	"reflect"
	"strings"

	"go.uber.org/fx"
)

// surroundings are what an option sees where it stands: in a group, and in an fx.Module
// that may have decorated the Config.
type surroundings struct {
	fx.In

	Group    *group
	Settings *settings
	Config   Config `optional:"true"`
}

// place puts a declaration there.
func (s surroundings) place(d *declaration) placement {
	return placement{declaration: d, group: s.Group, decorated: s.Settings.differs(s.Config)}
}

// differs reports whether a Config is another than the one that applies.
func (s *settings) differs(seen Config) bool {
	v := reflect.ValueOf(seen)
	return s.mistakes == nil && !v.IsZero() && !same(v, reflect.ValueOf(s.supplied))
}

// same reports whether two values are copies of one: functions, maps and slices are the
// same, and not only equal.
func same(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			if !same(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice:
		return a.Len() == b.Len() && a.UnsafePointer() == b.UnsafePointer()
	case reflect.Func, reflect.Map:
		return a.UnsafePointer() == b.UnsafePointer()
	case reflect.Interface:
		if a.IsNil() || b.IsNil() || a.Elem().Type() != b.Elem().Type() {
			return a.IsNil() && b.IsNil()
		}
		return same(a.Elem(), b.Elem())
	default:
		return a.Equal(b)
	}
}

// decorated says which services see a Config that does not apply, or returns nil.
func decorated(placements []placement, definitions []foreign) error {
	var names []string
	for _, p := range placements {
		if p.decorated {
			names = append(names, p.spec.Type.String()+at(p.spec.Position))
		}
	}
	for _, d := range definitions {
		if d.decorated {
			names = append(names, "Definition"+at(d.spec.Position))
		}
	}
	if names == nil {
		return nil
	}
	return errors.New("fxrestate: an fx.Module decorates the Config, and the application reads another one, also for what is listed in the module: " +
		strings.Join(names, ", ") + "; decorate it in fx.New, or give options to the services")
}
