package handler

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"sync"
	"sync/atomic"
)

// Registry maps types to the services of an application. A type that is not
// registered, such as the contract of a service in another application, is described
// on first use by the same rules. A Registry is safe for concurrent use.
type Registry struct {
	typesMu sync.RWMutex
	byType  map[reflect.Type][]*Descriptor
	remote  sync.Map // reflect.Type -> described

	// refs is read by every typed call. It is copied for a change, because changes
	// are rare and a sync.Map would allocate its key at every lookup.
	refs   atomic.Pointer[map[refKey]Ref]
	refsMu sync.Mutex // held while refs is replaced
}

type described struct {
	desc *Descriptor
	err  error
}

// refKey identifies a method expression without another symbol lookup. The code
// pointer alone is not enough, because instances of a generic type share it.
type refKey struct {
	pc uintptr
	t  reflect.Type
}

// NewRegistry makes a registry. Two services must not have the same name: the error
// joins a [Problem] for each such pair.
func NewRegistry(descriptors ...*Descriptor) (*Registry, error) {
	r := &Registry{byType: make(map[reflect.Type][]*Descriptor, len(descriptors))}
	byName := make(map[string]*Descriptor, len(descriptors))
	var problems []error
	for _, d := range descriptors {
		if other, ok := byName[d.Name]; ok {
			where := ""
			if other.Position != "" {
				where = " (" + other.Position + ")"
			}
			problems = append(problems, &Problem{
				Type: d.Type, Position: d.Position,
				Reason: fmt.Sprintf("is named %q, as %s%s is", d.Name, typeName(other.Type), where),
				Fix:    "give one of them another name",
			})
		}
		byName[d.Name] = d
	}
	r.Add(descriptors...)
	return r, errors.Join(problems...)
}

// Add adds services to the registry. Method expressions that were resolved before are
// resolved again.
func (r *Registry) Add(descriptors ...*Descriptor) {
	r.typesMu.Lock()
	for _, d := range descriptors {
		if d.Type != nil {
			t := base(d.Type)
			r.byType[t] = append(r.byType[t], d)
		}
	}
	r.typesMu.Unlock()
	r.refsMu.Lock()
	r.refs.Store(nil)
	r.refsMu.Unlock()
}

// Ref is the handler that a method expression names.
type Ref struct {
	// Service is the descriptor of the handler's service.
	Service *Descriptor
	// Method is the handler.
	Method *Method
}

// Target returns the description of the handler.
func (r Ref) Target() *Target { return r.Method.Target() }

// Registered tells whether a service of type t, or of a pointer to it, is registered.
func (r *Registry) Registered(t reflect.Type) bool {
	r.typesMu.RLock()
	defer r.typesMu.RUnlock()
	return len(r.byType[base(t)]) > 0
}

// Lookup returns the descriptor of a type. It fails for a type that is not registered
// and is not a valid handler struct: the error joins the problems. It also fails for
// a type that is registered more than once.
func (r *Registry) Lookup(t reflect.Type) (*Descriptor, error) {
	r.typesMu.RLock()
	known := r.byType[base(t)]
	r.typesMu.RUnlock()
	switch len(known) {
	case 1:
		return known[0], nil
	case 0:
	default:
		return nil, fmt.Errorf("handler: %s is registered as %s and as %s; call it by name", t, known[0].Name, known[1].Name)
	}
	t = reflect.PointerTo(base(t)) // has the methods of the value as well
	if v, ok := r.remote.Load(t); ok {
		return v.(described).desc, v.(described).err
	}
	desc, err := Spec{Type: t}.Describe()
	v, _ := r.remote.LoadOrStore(t, described{desc, err})
	return v.(described).desc, v.(described).err
}

// Resolve finds the handler that a method expression such as (*Cart).AddItem names,
// whether the service was registered as a value or as a pointer. The error says why
// the expression is not a handler. Repeated lookups do not allocate.
func (r *Registry) Resolve(method any) (Ref, error) {
	v := reflect.ValueOf(method)
	if v.Kind() == reflect.Func {
		if ref, ok := r.cached(refKey{v.Pointer(), v.Type()}); ok {
			return ref, nil
		}
	}
	e, err := parseExpression(method)
	if err != nil {
		return Ref{}, fmt.Errorf("handler: %w", err)
	}
	desc, err := r.Lookup(e.receiver)
	if err != nil {
		return Ref{}, err
	}
	m, err := desc.resolve(e)
	if err != nil {
		return Ref{}, err
	}
	ref := Ref{Service: desc, Method: m}
	r.cache(refKey{v.Pointer(), v.Type()}, ref)
	return ref, nil
}

func (r *Registry) cached(key refKey) (Ref, bool) {
	refs := r.refs.Load()
	if refs == nil {
		return Ref{}, false
	}
	ref, ok := (*refs)[key]
	return ref, ok
}

func (r *Registry) cache(key refKey, ref Ref) {
	r.refsMu.Lock()
	defer r.refsMu.Unlock()
	refs := map[refKey]Ref{key: ref}
	if old := r.refs.Load(); old != nil {
		maps.Copy(refs, *old)
	}
	r.refs.Store(&refs)
}
