package restatetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"

	"github.com/fxrestate/go/durable"
)

// State is the state of a virtual object or a workflow, as the server has it.
type State struct {
	env     *Env
	service string
	key     string
}

// StateOf returns the state under a key. T is the object's or the workflow's struct, as in
// fxrestate.Object[T]: the name that it is registered under is looked up.
//
//	cart := restatetest.StateOf[*Cart](env, "ada")
func StateOf[T any](env *Env, key string) *State {
	env.t.Helper()
	return &State{env, ServiceName[T](env), key}
}

// StateOfService is [StateOf] by the name of the service.
func StateOfService(env *Env, service, key string) *State { return &State{env, service, key} }

// ServiceName returns the name that a service, an object or a workflow is registered under.
// It fails the test if the application does not have it.
func ServiceName[T any](env *Env) string {
	env.t.Helper()
	t := reflect.TypeFor[T]()
	registry := env.app().parts.Registry
	if !registry.Registered(t) {
		env.t.Fatalf("restatetest: %s is not a service of the application; list fxrestate.Service, Object or Workflow of it", t)
	}
	d, err := registry.Lookup(t)
	if err != nil {
		env.t.Fatalf("restatetest: the name of %s: %v", t, err)
	}
	return d.Name
}

// All returns the values by their names, as they are encoded, by default as JSON. It is
// empty if there is none.
func (s *State) All() map[string]json.RawMessage {
	s.env.t.Helper()
	ctx, cancel := s.env.context()
	defer cancel()
	all, err := s.env.backend.state(ctx, s.service, s.key)
	if err != nil {
		s.env.t.Fatalf("restatetest: the state of %s/%s: %v", s.service, s.key, err)
	}
	return all
}

// Get decodes the value under a name, which is JSON, into what into points to, and reports
// whether there is one.
func (s *State) Get(name string, into any) (found bool) {
	s.env.t.Helper()
	value, found := s.All()[name]
	if found {
		if err := json.Unmarshal(value, into); err != nil {
			s.env.t.Fatalf("restatetest: the state %q of %s/%s is %q: %v; of another codec use restatetest.Get with its durable.StateKey", name, s.service, s.key, value, err)
		}
	}
	return found
}

// Set stores a value under a name, as JSON, and leaves the others. Handlers that change the
// same state meanwhile may lose what they wrote: call it while none runs. It returns when
// the value is there, so not while an invocation of the key goes on.
func (s *State) Set(name string, value any) {
	s.env.t.Helper()
	encoded, err := json.Marshal(value)
	if err != nil {
		s.env.t.Fatalf("restatetest: set the state %q of %s/%s: %v", name, s.service, s.key, err)
	}
	all := maps.Clone(s.All())
	all[name] = encoded
	s.replace(all)
}

// SetAll replaces the whole state by values, each as JSON. See [State.Set].
func (s *State) SetAll(values map[string]any) {
	s.env.t.Helper()
	all := make(map[string]json.RawMessage, len(values))
	for name, value := range values {
		encoded, err := json.Marshal(value)
		if err != nil {
			s.env.t.Fatalf("restatetest: set the state %q of %s/%s: %v", name, s.service, s.key, err)
		}
		all[name] = encoded
	}
	s.replace(all)
}

// Clear removes the whole state. See [State.Set].
func (s *State) Clear() {
	s.env.t.Helper()
	s.replace(nil)
}

func (s *State) replace(all map[string]json.RawMessage) {
	s.env.t.Helper()
	ctx, cancel := s.env.context()
	defer cancel()
	if err := s.env.backend.setState(ctx, s.service, s.key, all); err != nil {
		s.env.t.Fatalf("restatetest: set the state of %s/%s: %v", s.service, s.key, err)
	}
}

// Get returns the value of a key, decoded by its codec, and whether there is one.
func Get[V any](s *State, key durable.StateKey[V]) (value V, found bool) {
	s.env.t.Helper()
	encoded, found := s.All()[key.Name()]
	if !found {
		return value, false
	}
	value, err := key.Decode(encoded)
	if err != nil {
		s.env.t.Fatalf("restatetest: the state of %s/%s: %v", s.service, s.key, err)
	}
	return value, true
}

// Set stores a value under a key, encoded by its codec. See [State.Set].
func Set[V any](s *State, key durable.StateKey[V], value V) {
	s.env.t.Helper()
	encoded, err := key.Encode(value)
	if err != nil {
		s.env.t.Fatalf("restatetest: set the state of %s/%s: %v", s.service, s.key, err)
	}
	all := maps.Clone(s.All())
	all[key.Name()] = encoded
	s.replace(all)
}

// String names the state, for texts.
func (s *State) String() string { return fmt.Sprintf("the state of %s/%s", s.service, s.key) }
