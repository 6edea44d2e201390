package fxrestate

import (
	"fmt"
	"reflect"

	"github.com/fxrestate/go/pipeline"
)

// member is one guard, interceptor, pipe, filter or observer as the program lists
// it: a value, or a constructor for fx.
type member struct {
	stage     string
	position  string
	value     any
	construct any   // a constructor that returns constructed
	err       error // why it is neither
	add       func(*pipeline.Stages, any)
}

// constructed is what fx made of a member's constructor.
type constructed struct {
	member *member
	value  any
}

// stage is one of the pipeline's stages. T is its interface.
type stage[T any] struct {
	name    string
	adapter any // its func type
	add     func(*pipeline.Stages, T)
}

// newMember tells a value from a constructor.
func newMember[T any](st stage[T], given any, position string) *member {
	m := &member{stage: st.name, position: position}
	m.add = func(s *pipeline.Stages, v any) { st.add(s, v.(T)) }
	if _, ok := given.(T); ok {
		m.value = given
		return m
	}
	v := reflect.ValueOf(given)
	if v.Kind() != reflect.Func || v.IsNil() {
		m.err = fmt.Errorf("fxrestate: %T (%s) is neither a %s nor a constructor of one; it must be a %s or a function that returns one",
			given, position, st.name, reflect.TypeFor[T]())
		return m
	}
	if t := reflect.TypeOf(st.adapter); v.CanConvert(t) {
		m.value = v.Convert(t).Interface()
		return m
	}
	t := v.Type()
	returns := t.NumOut() == 1 || (t.NumOut() == 2 && t.Out(1) == reflect.TypeFor[error]())
	if !returns || !t.Out(0).Implements(reflect.TypeFor[T]()) {
		m.err = fmt.Errorf("fxrestate: %s (%s) is neither a %s nor a constructor of one; it must return a %s, and an error if it likes",
			t, position, st.name, reflect.TypeFor[T]())
		return m
	}
	m.construct = m.constructor(v)
	return m
}

// constructor wraps a constructor so that what it makes can be found again among
// others of its type.
func (m *member) constructor(fn reflect.Value) any {
	t := fn.Type()
	in := make([]reflect.Type, t.NumIn())
	for i := range in {
		in[i] = t.In(i)
	}
	out := []reflect.Type{reflect.TypeFor[constructed]()}
	if t.NumOut() == 2 {
		out = append(out, reflect.TypeFor[error]())
	}
	return reflect.MakeFunc(reflect.FuncOf(in, out, t.IsVariadic()), func(args []reflect.Value) []reflect.Value {
		call := fn.Call
		if t.IsVariadic() {
			call = fn.CallSlice
		}
		results := call(args)
		results[0] = reflect.ValueOf(constructed{m, results[0].Interface()})
		return results
	}).Interface()
}

// get returns the member itself.
func (m *member) get(made map[*member]any) (any, error) {
	switch {
	case m.err != nil:
		return nil, m.err
	case m.construct == nil:
		return m.value, nil
	}
	v, ok := made[m]
	if !ok {
		return nil, fmt.Errorf("fxrestate: the constructor of a %s (%s) is not in the graph; use Service, Object or Workflow, or give the %[1]s itself", m.stage, m.position)
	}
	if v == nil || (reflect.ValueOf(v).Kind() == reflect.Pointer && reflect.ValueOf(v).IsNil()) {
		return nil, fmt.Errorf("fxrestate: the constructor of a %s (%s) returned nil; return a value, or an error with it", m.stage, m.position)
	}
	return v, nil
}
