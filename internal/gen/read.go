package gen

import (
	"fmt"
	"go/types"
	"slices"
	"strings"

	"github.com/fxrestate/go/handler"
)

// service is a handler struct.
type service struct {
	obj        *types.TypeName
	kind       handler.Kind
	methods    []method // sorted by name
	left       []string // handlers without a typed call
	constraint string   // the build constraint of the struct
}

// method is a handler that typed calls can name.
type method struct {
	obj           *types.Func
	context       string     // "ObjectContext"
	input, output types.Type // nil: none
	comment       string
}

// roles maps a context of the SDK to the role of a method, as in package handler.
var roles = map[string]struct {
	kind handler.Kind
	mode handler.Mode
}{
	"Context":               {handler.Service, handler.Concurrent},
	"ObjectContext":         {handler.Object, handler.Exclusive},
	"ObjectSharedContext":   {handler.Object, handler.Shared},
	"WorkflowContext":       {handler.Workflow, handler.Run},
	"WorkflowSharedContext": {handler.Workflow, handler.Shared},
}

// contexts lists the contexts for handlers of each kind.
var contexts = map[handler.Kind]string{
	handler.Service:  "restate.Context",
	handler.Object:   "restate.ObjectContext or restate.ObjectSharedContext",
	handler.Workflow: "restate.WorkflowContext (Run) or restate.WorkflowSharedContext",
}

// reader reads the handler structs of a package.
type reader struct {
	source   *source
	excluded []string // "Cart.Restock"
	services []*service
	passed   []*service // unexported structs with handlers, which were not requested
	warnings []*Problem
	problems []error
}

// readStructs reads the named structs, or all exported handler structs if names is empty.
func (r *reader) readStructs(names []string) {
	scope := r.source.types.Scope()
	if len(names) == 0 {
		for _, name := range scope.Names() {
			if obj, ok := scope.Lookup(name).(*types.TypeName); ok {
				r.readStruct(obj, false)
			}
		}
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		if obj, ok := scope.Lookup(name).(*types.TypeName); ok {
			r.readStruct(obj, true)
		} else {
			r.problem(&Problem{Type: r.source.types.Name() + "." + name, Reason: "is not a type of the package", Fix: "see --type"})
		}
	}
	r.warnOfPassed()
	r.checkExcluded()
	if len(r.services)+len(r.problems) == 0 {
		instead := ""
		for _, s := range r.passed {
			if !isGeneric(s.obj) {
				instead += ", " + s.obj.Name()
			}
		}
		if instead != "" {
			instead = ", or name unexported ones with --type: " + instead[len(", "):]
		}
		r.problems = append(r.problems, fmt.Errorf(
			"gen: package %s has no handler structs; write an exported struct whose exported methods take a restate.Context first%s", r.source.types.Name(), instead))
	}
}

// warnOfPassed warns about unexported structs without clients. Those that a struct with
// clients embeds have their handlers there.
func (r *reader) warnOfPassed() {
	embedded := map[types.Object]bool{}
	for _, s := range r.services {
		for f := range s.obj.Type().Underlying().(*types.Struct).Fields() {
			t := f.Type()
			if p, ok := t.(*types.Pointer); ok {
				t = p.Elem()
			}
			if named, ok := types.Unalias(t).(*types.Named); ok && f.Embedded() {
				embedded[named.Obj()] = true
			}
		}
	}
	for _, s := range r.passed {
		if embedded[s.obj] || r.source.types.Scope().Lookup(declaredFor(s).Client) != nil {
			continue
		}
		reason, fix := "is passed over, because it is not exported", "name it with --type, or export it"
		if isGeneric(s.obj) {
			reason, fix = genericReason, genericFix
		}
		r.warnings = append(r.warnings, &Problem{r.typeName(s.obj), "", r.source.position(s.obj.Pos()), reason, fix})
	}
}

// What is wrong with a generic struct, exported or not.
const (
	genericReason = "is generic, and clients are for one type"
	genericFix    = "call its instances with rpc.Call, or declare a struct that embeds one"
)

func isGeneric(obj *types.TypeName) bool {
	named, ok := obj.Type().(*types.Named)
	return ok && named.TypeParams().Len() > 0
}

// readStruct reads a type. It skips a type that is not an exported handler struct, unless
// the type was requested: then it may be unexported, and any other reason is a mistake.
func (r *reader) readStruct(obj *types.TypeName, asked bool) {
	refuse := func(reason, fix string) {
		p := &Problem{r.typeName(obj), "", r.source.position(obj.Pos()), reason, fix}
		if asked {
			r.problem(p)
		} else {
			r.warnings = append(r.warnings, p)
		}
	}
	named, ok := obj.Type().(*types.Named)
	if _, isStruct := obj.Type().Underlying().(*types.Struct); !isStruct || !ok || obj.IsAlias() {
		if asked {
			refuse("is not a struct", "declare it as one, or leave it out of -type")
		}
		return
	}
	h := handlerReader{reader: r, service: &service{obj: obj}, name: r.typeName(obj)}
	h.readMethods(named)
	switch s := h.service; {
	case s.kind == 0:
		if asked {
			refuse("has no handlers", "write exported methods that take a "+contexts[handler.Service]+" first")
		}
	case !asked && !obj.Exported():
		h.forget()
		if len(s.methods) > 0 {
			r.passed = append(r.passed, s)
		}
	case isGeneric(obj):
		h.forget() // mistakes are reported for its instances
		refuse(genericReason, genericFix)
	default:
		h.checkWorkflow()
		h.checkEmbedded()
		if h.reported > 0 {
			return
		}
		if len(s.methods) == 0 {
			refuse("has no handler that typed calls can name", "")
			return
		}
		r.readConstraint(h.service)
		r.services = append(r.services, h.service)
	}
}

// checkExcluded reports excluded names that do not exist, such as those of renamed
// methods.
func (r *reader) checkExcluded() {
	for _, e := range r.excluded {
		typeName, name, _ := strings.Cut(e, ".")
		obj, _ := r.source.types.Scope().Lookup(typeName).(*types.TypeName)
		if obj != nil {
			if m, _, _ := types.LookupFieldOrMethod(types.NewPointer(obj.Type()), true, r.source.types, name); m != nil {
				continue
			}
		}
		r.problem(&Problem{Type: r.source.types.Name() + "." + typeName, Method: name, Reason: "is excluded and is not there", Fix: "remove it from --exclude"})
	}
}

func (r *reader) problem(p *Problem) { r.problems = append(r.problems, p) }

func (r *reader) typeName(obj *types.TypeName) string {
	return r.source.types.Name() + "." + obj.Name()
}

// typeString writes a type as error messages do, with the package's name.
func typeString(t types.Type) string {
	return types.TypeString(t, (*types.Package).Name)
}
