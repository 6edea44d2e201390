package handler

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	restate "github.com/restatedev/sdk-go"
)

// Spec describes the registration of a service. Only Type is required.
type Spec struct {
	// Type is the struct whose methods are the handlers, for instance
	// reflect.TypeFor[*Payments]().
	Type reflect.Type
	// Kind that the methods must have. Default: the kind is derived from the methods.
	Kind Kind
	// Name of the service. Default: the result of the type's ServiceName() string,
	// else the type's name.
	Name string
	// Naming converts the name of a method to the name of its handler. Default: the
	// same name.
	Naming func(method string) string
	// Exclude lists methods that take a Restate context but are not handlers, as
	// method expressions.
	Exclude []any
	// Handlers are the registrations of single handlers.
	Handlers []HandlerSpec
	// Defaults are options for all services of an application. Defaults that do not
	// apply to the kind are ignored: workflow retention outside workflows, and lazy
	// state in a plain service.
	Defaults []restate.ServiceDefinitionOption
	// Options of the service; they override Defaults.
	Options []restate.ServiceDefinitionOption
	// Position is where the service was registered, as "main.go:12", or empty.
	Position string
}

// HandlerSpec describes the registration of one handler.
type HandlerSpec struct {
	// Method is the method expression, for instance (*Payments).Charge.
	Method any
	// Name of the handler on the wire. Default: the name from Spec.Naming.
	Name string
	// Options of the handler; they override those of the service. For options that
	// are not set, including single fields of a retry policy, the server uses those
	// of the service.
	Options []restate.HandlerOption
}

// Describe reads the type's methods. Every exported method that takes a Restate
// context first is a handler, in any of the shapes that restate.Reflect accepts:
//
//	(ctx, I) (O, error)   (ctx, I) O   (ctx, I) error   (ctx, I)
//	(ctx) (O, error)      (ctx) O      (ctx) error      (ctx)
//
// The error joins one [Problem] for each mistake.
func (s Spec) Describe() (*Descriptor, error) {
	r := reader{spec: s, desc: &Descriptor{Type: s.Type, Kind: s.Kind, Position: s.Position}}
	r.readType()
	if len(r.problems) > 0 {
		return nil, errors.Join(r.problems...)
	}
	r.readName()
	r.readExclude()
	r.readMethods()
	r.readHandlers()
	r.checkWorkflow()
	r.checkNames()
	r.readOptions()
	if len(r.problems) > 0 {
		return nil, errors.Join(r.problems...)
	}
	r.readPlain()
	for _, m := range r.desc.Methods {
		m.target = Target{
			Service: r.desc.Name, Handler: m.Name, Kind: r.desc.Kind, Mode: m.Mode,
			Metadata: m.Metadata, ServiceMetadata: r.desc.Metadata,
			Type: r.desc.Type, Method: m.GoName,
		}
	}
	slices.SortFunc(r.desc.Methods, func(a, b *Method) int { return cmp.Compare(a.Name, b.Name) })
	return r.desc, nil
}

// reader builds a descriptor and collects the problems.
type reader struct {
	spec     Spec
	desc     *Descriptor
	excluded map[string]bool
	rejected map[string]bool  // methods that were meant as handlers but have a problem
	decided  string           // the method that decided the kind, if the spec did not
	mains    []*Method        // main handlers of a workflow, rejected ones included
	plain    []reflect.Method // they may have been meant as handlers
	problems []error
}

func (r *reader) problem(method, position, reason, fix string) {
	r.problems = append(r.problems, &Problem{
		Type: r.spec.Type, Method: method, Position: cmp.Or(position, r.spec.Position), Reason: reason, Fix: fix,
	})
}

func (r *reader) readType() {
	t := r.spec.Type
	switch {
	case t == nil:
		r.problem("", "", "there is no type", "register a struct")
	case t.Kind() == reflect.Interface:
		r.problem("", "", "is an interface, and handlers are read from a struct", insteadOf(t))
	case t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Interface:
		r.problem("", "", "is a pointer to an interface, and handlers are read from a struct", insteadOf(t.Elem()))
	case t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Pointer:
		r.problem("", "", "is a pointer to a pointer", "register "+t.Elem().String())
	}
}

func (r *reader) readName() {
	t, method, position := r.spec.Type, "", ""
	r.desc.Name = r.spec.Name
	r.desc.named = r.spec.Name != ""
	if !r.desc.named {
		if reflect.PointerTo(base(t)).Implements(namerType) {
			method, position = "ServiceName", methodPosition(t, "ServiceName")
			if !t.Implements(namerType) {
				r.problem(method, position, onPointer(t), "register *"+t.String())
				return
			}
		}
		name, err := declaredName(t)
		if err != nil {
			r.problem(method, position, err.Error(), "return a constant, or give the name with the registration")
			return
		}
		r.desc.Name = name
	}
	if err := checkServiceName(r.desc.Name); err != nil {
		r.problem(method, position, err.Error(), "give it another name, with the registration or by a method ServiceName() string")
	}
}

// onPointer is the reason for a method that a value does not have.
func onPointer(t reflect.Type) string {
	return fmt.Sprintf("has a pointer receiver, and %s was registered as a value", t)
}

func (r *reader) readExclude() {
	r.excluded = make(map[string]bool, len(r.spec.Exclude))
	r.rejected = make(map[string]bool)
	for _, m := range r.spec.Exclude {
		e, err := parseExpression(m)
		switch {
		case err != nil:
			r.problem("", "", "excluded method: "+err.Error(), "")
		case base(e.receiver) != base(r.spec.Type):
			r.problem("", "", fmt.Sprintf("excluded method %s belongs to %s", e.method, e.receiver), "exclude a method of "+r.spec.Type.String())
		default:
			r.excluded[e.method] = true
		}
	}
}

func (r *reader) readMethods() {
	t := r.spec.Type
	for i := range t.NumMethod() {
		if m := t.Method(i); !r.excluded[m.Name] {
			r.readMethod(m)
		}
	}
	if t.Kind() != reflect.Pointer {
		r.checkPointerMethods()
	}
	if len(r.desc.Methods) == 0 && len(r.rejected) == 0 {
		r.problem("", "", "has no handlers", "write exported methods that take a "+r.kindOr(Service).contexts()+" first; unexported ones are not seen")
	}
}

// checkPointerMethods reports handlers that a value does not have because they have a
// pointer receiver.
func (r *reader) checkPointerMethods() {
	p := reflect.PointerTo(r.spec.Type)
	for i := range p.NumMethod() {
		m := p.Method(i)
		if _, ok := r.spec.Type.MethodByName(m.Name); ok || m.Type.NumIn() < 2 || r.excluded[m.Name] {
			continue
		}
		if _, ok := findRole(m.Type.In(1)); ok {
			r.reject(m, onPointer(r.spec.Type), "register "+p.String())
			continue
		}
		r.notePlain(m)
	}
}

func (r *reader) readMethod(m reflect.Method) {
	if m.Type.NumIn() < 2 {
		return
	}
	ro, ok := findRole(m.Type.In(1))
	if !ok {
		switch first := m.Type.In(1); {
		case first.Kind() == reflect.Interface && first.Implements(contextType):
			r.reject(m, fmt.Sprintf("takes a %s, which is not a context of the SDK", first), "take a "+r.kindOr(Service).contexts())
		case first.Kind() == reflect.Pointer && first.Elem().Kind() == reflect.Interface && first.Elem().Implements(contextType):
			r.reject(m, fmt.Sprintf("takes a %s, and a context is no pointer", first), "take a "+first.Elem().String())
		default:
			r.notePlain(m)
		}
		return
	}
	before := len(r.problems)
	if r.desc.Kind == 0 {
		r.desc.Kind, r.decided = ro.kind, m.Name
	}
	if ro.kind != r.desc.Kind {
		r.rejectKind(m, ro.kind)
	}
	method := &Method{GoName: m.Name, Name: m.Name, Mode: ro.mode, role: ro, Position: methodPosition(r.spec.Type, m.Name), fn: m.Func}
	if r.spec.Naming != nil {
		method.Name = r.spec.Naming(m.Name)
	}
	if ro.mode == Run {
		r.mains = append(r.mains, method)
	}
	switch in := m.Type.NumIn(); {
	case m.Type.IsVariadic():
		r.reject(m, "is variadic", "take one input")
	case in == 3:
		method.Input = m.Type.In(2)
	case in > 3:
		r.reject(m, fmt.Sprintf("takes %d inputs (%s), and a handler takes one", in-2, join(m.Type.In, 2, in)), "put them into a struct")
	}
	switch out := m.Type.NumOut(); {
	case out == 1 && m.Type.Out(0) == errorType:
		method.hasError = true
	case out == 1:
		method.Output = m.Type.Out(0)
	case out == 2 && m.Type.Out(1) == errorType:
		method.Output, method.hasError = m.Type.Out(0), true
	case out == 2:
		r.reject(m, fmt.Sprintf("returns %s as its second result, which must be an error", m.Type.Out(1)), "return (result, error)")
	case out > 2:
		r.reject(m, fmt.Sprintf("returns %d results (%s)", out, join(m.Type.Out, 0, out)), "put them into a struct and return (result, error)")
	}
	if len(r.problems) == before {
		r.desc.Methods = append(r.desc.Methods, method)
	}
}

// missed says why a method with a context is not a handler, although it may have been
// meant as one, and where a handler takes its context. It is empty for other methods.
func missed(m reflect.Method) (reason, where string) {
	switch m.Type.In(1) {
	case plainContextType:
		return "takes a context.Context, so it is not a handler", ""
	case runContextType:
		return "takes a restate.RunContext, so it is not a handler", ""
	}
	for i := 2; i < m.Type.NumIn(); i++ {
		if t := m.Type.In(i); t.Kind() == reflect.Interface && t.Implements(contextType) {
			return fmt.Sprintf("takes its %s as parameter %d, so it is not a handler", t, i), " first"
		}
	}
	return "", ""
}

// notePlain keeps a method that may have been meant as a handler, for [reader.readPlain].
func (r *reader) notePlain(m reflect.Method) {
	if reason, _ := missed(m); reason != "" {
		r.plain = append(r.plain, m)
	}
}

// readPlain notes methods that were written for the struct and may have been meant as
// handlers. Those of embedded structs are left out: there may be many, of other packages.
func (r *reader) readPlain() {
	for _, m := range r.plain {
		position := cmp.Or(writtenAt(base(r.spec.Type), m.Name), writtenAt(reflect.PointerTo(base(r.spec.Type)), m.Name))
		if position == "" {
			continue
		}
		reason, where := missed(m)
		r.desc.Plain = append(r.desc.Plain, &Problem{
			Type: r.spec.Type, Method: m.Name, Position: position,
			Reason: reason,
			Fix:    "take a " + r.desc.Kind.contexts() + where + ", or exclude the method",
		})
	}
}

func (r *reader) reject(m reflect.Method, reason, fix string) {
	r.rejected[m.Name] = true
	r.problem(m.Name, methodPosition(r.spec.Type, m.Name), reason, fix)
}

// rejectKind rejects a method that takes the context of another kind of service.
func (r *reader) rejectKind(m reflect.Method, kind Kind) {
	if r.decided == "" {
		r.reject(m, fmt.Sprintf("takes a %s, and %s is registered as a %s", m.Type.In(1), r.spec.Type, r.desc.Kind),
			fmt.Sprintf("take a %s, or register a %s", r.desc.Kind.contexts(), kind))
		return
	}
	r.reject(m, fmt.Sprintf("takes a %s of a %s, and %s makes the struct a %s", m.Type.In(1), kind, r.decided, r.desc.Kind),
		"let all handlers of a struct take the contexts of one kind")
}

func (r *reader) kindOr(fallback Kind) Kind {
	if r.desc.Kind == 0 {
		return fallback
	}
	return r.desc.Kind
}

func (r *reader) readHandlers() {
	seen := map[string]bool{}
	for _, h := range r.spec.Handlers {
		e, err := parseExpression(h.Method)
		if err != nil {
			r.problem("", "", "handler option: "+err.Error(), "")
			continue
		}
		if base(e.receiver) != base(r.spec.Type) {
			r.problem("", "", fmt.Sprintf("handler option for %s, a method of %s", e.method, e.receiver), "name a method of "+r.spec.Type.String())
			continue
		}
		m, ok := r.desc.methodByGoName(e.method)
		switch {
		case ok:
		case r.rejected[e.method]:
			continue
		case r.excluded[e.method]:
			r.problem(e.method, methodPosition(r.spec.Type, e.method), "has options and is excluded", "remove one of them")
			continue
		default:
			r.problem(e.method, methodPosition(r.spec.Type, e.method), "has options and is not a handler", "let it take a "+r.kindOr(Service).contexts()+" first, or remove the options")
			continue
		}
		if seen[e.method] {
			r.problem(e.method, m.Position, "has options twice", "write them in one place")
		}
		seen[e.method] = true
		if h.Name != "" {
			m.Name = h.Name
		}
		m.Options = h.Options
	}
}

// checkWorkflow checks that a workflow has one main handler, named Run. The SDK and
// the server would accept any other name.
func (r *reader) checkWorkflow() {
	if r.desc.Kind != Workflow || len(r.desc.Methods)+len(r.rejected) == 0 {
		return
	}
	if len(r.mains) == 0 {
		if m, ok := r.desc.methodByGoName("Run"); ok {
			r.problem(m.GoName, m.Position, "takes a restate.WorkflowSharedContext, and it is the main handler of the workflow", "take a restate.WorkflowContext")
		} else if !r.rejected["Run"] {
			r.problem("", "", "has no main handler", "write Run(ctx restate.WorkflowContext, …)")
		}
		return
	}
	main := r.mains[max(0, slices.IndexFunc(r.mains, func(m *Method) bool { return m.GoName == "Run" }))]
	if main.GoName != "Run" {
		r.problem(main.GoName, main.Position, "takes a restate.WorkflowContext, and the main handler of a workflow is named Run", "rename it, or take a restate.WorkflowSharedContext")
	}
	for _, m := range r.mains {
		if m != main {
			r.problem(m.GoName, m.Position, fmt.Sprintf("takes a restate.WorkflowContext, as %s does, and a workflow has one main handler", main.GoName), "take a restate.WorkflowSharedContext")
		}
	}
}

func (r *reader) checkNames() {
	byName := map[string]*Method{}
	for _, m := range r.desc.Methods {
		if err := checkHandlerName(m.Name); err != nil {
			r.problem(m.GoName, m.Position, err.Error(), "rename the method, or give the handler another name with the registration")
		}
		if other, ok := byName[m.Name]; ok {
			r.problem(m.GoName, m.Position, fmt.Sprintf("is named %q on the wire, as %s is", m.Name, other.GoName), "give one of them another name")
		}
		byName[m.Name] = m
	}
}

// base returns the struct of a receiver type.
func base(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// join lists the types from at(from) to at(to-1).
func join(at func(int) reflect.Type, from, to int) string {
	names := make([]string, 0, to-from)
	for i := from; i < to; i++ {
		names = append(names, at(i).String())
	}
	return strings.Join(names, ", ")
}
