package fxrestate

import (
	"fmt"
	"reflect"

	"go.uber.org/fx"

	"github.com/fxrestate/go/pipeline"
)

// member is one guard, interceptor, pipe, filter or observer, also of events, as the program
// lists it: a value or a constructor.
type member struct {
	stage    string // with its article
	position string
	value    any
	provide  func(m *member, name string) fx.Option // nil: a value
	err      error                                  // it is neither
	add      func(*pipeline.Stages, any)
}

// instance is what fx made with a member's constructor.
type instance struct {
	member *member
	value  any
}

func byMember(list []instance) map[*member]any {
	made := make(map[*member]any, len(list))
	for _, i := range list {
		made[i.member] = i.value
	}
	return made
}

// instanceOut puts an instance into the value group of all.
type instanceOut struct {
	fx.Out

	Instance instance `group:"fxrestate.instances"`
}

// stage is one of the pipeline's stages. T is its interface.
type stage[T any] struct {
	name    string // with its article
	adapter any    // its func type
	add     func(*pipeline.Stages, T)
}

// newMember decides whether a member is a value or a constructor.
func newMember[T any](st stage[T], given any, position string) *member {
	m := &member{stage: st.name, position: position}
	m.add = func(s *pipeline.Stages, v any) { st.add(s, v.(T)) }
	neither := func(what any, fix string) *member {
		m.err = fmt.Errorf("fxrestate: %v (%s) is neither %s nor a constructor of one; %s", what, position, st.name, fix)
		return m
	}
	if own, ok := given.(provided); ok {
		given = own.identity
	}
	v, stageType := reflect.ValueOf(given), reflect.TypeFor[T]()
	if v.Kind() == reflect.Func && v.IsNil() {
		return neither(fmt.Sprintf("a nil %s", v.Type()), fmt.Sprintf("it must be a %s or a function that returns one", stageType))
	}
	if _, ok := given.(T); ok {
		m.value = given
		return m
	}
	if isDurable(v) {
		return neither(v.Type(), "declare a durable guard with pipeline.Durable")
	}
	if v.Kind() != reflect.Func {
		return neither(fmt.Sprintf("%T", given), fmt.Sprintf("it must be a %s or a function that returns one", stageType))
	}
	if t := reflect.TypeOf(st.adapter); v.CanConvert(t) {
		m.value = v.Convert(t).Interface()
		return m
	}
	t := v.Type()
	returns := t.NumOut() == 1 || (t.NumOut() == 2 && t.Out(1) == reflect.TypeFor[error]())
	if !returns || !t.Out(0).Implements(stageType) {
		return neither(t, fmt.Sprintf("it must return a %s, or one and an error", stageType))
	}
	if err := checkParameters(t); err != nil {
		m.err = fmt.Errorf("fxrestate: %s (%s): %w", st.name, position, err)
		return m
	}
	m.provide = func(placed *member, name string) fx.Option { return provideMember[T](placed, name, given) }
	return m
}

// isDurable reports whether a value is a durable guard, which is declared with
// pipeline.Durable.
func isDurable(v reflect.Value) bool {
	if !v.IsValid() {
		return false
	}
	return v.Type().Implements(reflect.TypeFor[pipeline.DurableGuard]()) || v.CanConvert(reflect.TypeFor[pipeline.DurableGuardFunc]())
}

// provideMember provides the instance under a name, which tells it from others of its
// type. fx writes the name when the constructor fails or lacks a dependency.
func provideMember[T any](m *member, name string, constructor any) fx.Option {
	tag := fmt.Sprintf("name:%q", name)
	return fx.Options(
		fx.Provide(fx.Annotate(constructor, fx.As(new(T)), fx.ResultTags(tag)), fx.Private),
		provideFrom(constructor, tag, func(v T, _ struct{ fx.In }) instanceOut { return instanceOut{Instance: instance{m, v}} }),
		findWanted(constructor, wanted{taker: m.stage, position: m.position, early: true}),
		warnOfTwin(m, tag, constructor),
	)
}

// get returns the value, or the instance that fx made.
func (m *member) get(instances map[*member]any) (any, error) {
	switch {
	case m.err != nil:
		return nil, m.err
	case m.provide == nil:
		return m.value, nil
	}
	v, ok := instances[m]
	if !ok {
		return nil, fmt.Errorf("fxrestate: the constructor of %s (%s) is not in the graph; use Service, Object or Workflow, or give a value, since a registration is made too late for constructors", m.stage, m.position)
	}
	if isNil(v) {
		return nil, fmt.Errorf("fxrestate: the constructor of %s (%s) returned nil; return a value, or an error with it", m.stage, m.position)
	}
	return v, nil
}

// isNil reports whether a constructor returned nil, also inside an interface.
func isNil(returned any) bool {
	v := reflect.ValueOf(returned)
	switch v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Func:
		return v.IsNil()
	default:
		return false
	}
}
