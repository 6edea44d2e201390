package gen

import (
	"cmp"
	"fmt"
	"go/types"
	"slices"
	"strings"

	"github.com/fxrestate/go/handler"
)

// handlerReader reads the methods of one struct. Its rules and error texts are those of
// handler.Spec.Describe.
type handlerReader struct {
	*reader
	service  *service
	name     string // "shop.Cart"
	decided  string // the method that decided the kind
	mains    []*types.Func
	seen     map[string]handler.Mode
	reported int
	warned   int
}

func (h *handlerReader) reject(m types.Object, reason, fix string) {
	h.reported++
	p := &Problem{Type: h.name, Reason: reason, Fix: fix, Position: h.source.position(h.service.obj.Pos())}
	if m != nil {
		p.Method, p.Position = m.Name(), cmp.Or(h.source.position(m.Pos()), p.Position)
	}
	h.problem(p)
}

// leaveOut records a valid handler for which no typed call can be written.
func (h *handlerReader) leaveOut(m types.Object, reason, fix string) {
	h.warned++
	h.service.left = append(h.service.left, m.Name())
	h.warnings = append(h.warnings, &Problem{h.name, m.Name(), h.source.position(m.Pos()), reason, fix})
}

// forget takes back what was reported about the struct.
func (h *handlerReader) forget() {
	h.problems = h.problems[:len(h.problems)-h.reported]
	h.warnings = h.warnings[:len(h.warnings)-h.warned]
}

// readMethods reads the methods of the struct. A struct whose only methods with a Restate
// context are those of a guard, an interceptor or a pipe is no handler struct. If it has
// handlers too, fx.New would see all of them, and so does the generator.
func (h *handlerReader) readMethods(named *types.Named) {
	methods := types.NewMethodSet(types.NewPointer(named))
	members := h.source.memberMethods(types.NewPointer(named))
	read := func(member bool) {
		for i := range methods.Len() {
			fn := methods.At(i).Obj().(*types.Func)
			excluded := slices.Contains(h.excluded, h.service.obj.Name()+"."+fn.Name())
			if fn.Exported() && !excluded && members[fn.Name()] == member {
				// The selection has the signature for this type: for a method that is
				// promoted from a generic type, it is instantiated.
				h.readMethod(fn, methods.At(i).Type().(*types.Signature))
			}
		}
	}
	read(false)
	if h.service.kind != 0 {
		read(true)
	}
}

func (h *handlerReader) readMethod(fn *types.Func, sig *types.Signature) {
	if sig.Params().Len() == 0 {
		return
	}
	first := sig.Params().At(0).Type()
	context := sdkName(first)
	role, ok := roles[context]
	if !ok {
		if h.isContext(first) {
			h.reject(fn, fmt.Sprintf("takes a %s, which is not a context of the SDK", typeString(first)), "take a "+contexts[h.kindOr(handler.Service)])
		}
		return
	}
	if h.service.kind == 0 {
		h.service.kind, h.decided = role.kind, fn.Name()
	}
	if h.seen == nil {
		h.seen = map[string]handler.Mode{}
	}
	h.seen[fn.Name()] = role.mode
	if role.mode == handler.Run {
		h.mains = append(h.mains, fn)
	}
	before := h.reported
	if role.kind != h.service.kind {
		h.reject(fn, fmt.Sprintf("takes a %s of a %s, and %s makes the struct a %s", typeString(first), role.kind, h.decided, h.service.kind),
			"let all handlers of a struct take the contexts of one kind")
	}
	m := method{obj: fn, context: context}
	h.readInput(&m, sig)
	hasError := h.readResults(&m, sig)
	if h.reported > before {
		return
	}
	hidden := h.hidden(m.input)
	if hidden == "" {
		hidden = h.hidden(m.output)
	}
	switch {
	case !hasError:
		h.leaveOut(fn, "returns no error, so typed calls cannot name it", "let it return an error as well")
	case hidden != "":
		h.leaveOut(fn, fmt.Sprintf("has a %s in its signature, which this package cannot name", hidden), "")
	default:
		m.comment = h.source.comment(fn)
		h.service.methods = append(h.service.methods, m)
	}
}

func (h *handlerReader) readInput(m *method, sig *types.Signature) {
	switch in := sig.Params(); {
	case sig.Variadic():
		h.reject(m.obj, "is variadic", "take one input")
	case in.Len() == 2:
		m.input = in.At(1).Type()
		h.checkResolves(m.obj, "input", m.input)
	case in.Len() > 2:
		h.reject(m.obj, fmt.Sprintf("takes %d inputs (%s), and a handler takes one", in.Len()-1, join(in, 1)), "put them into a struct")
	}
}

// readResults tells whether the method returns an error.
func (h *handlerReader) readResults(m *method, sig *types.Signature) bool {
	isError := func(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }
	switch out := sig.Results(); {
	case out.Len() == 1 && isError(out.At(0).Type()):
		return true
	case out.Len() == 1:
		m.output = out.At(0).Type()
		h.checkResolves(m.obj, "result", m.output)
	case out.Len() == 2 && isError(out.At(1).Type()):
		m.output = out.At(0).Type()
		h.checkResolves(m.obj, "result", m.output)
		return true
	case out.Len() == 2:
		h.reject(m.obj, fmt.Sprintf("returns %s as its second result, which must be an error", typeString(out.At(1).Type())), "return (result, error)")
	case out.Len() > 2:
		h.reject(m.obj, fmt.Sprintf("returns %d results (%s)", out.Len(), join(out, 0)), "put them into a struct and return (result, error)")
	}
	return false
}

// checkResolves reports a type that does not compile. The generator ignores other type
// errors of the package.
func (h *handlerReader) checkResolves(fn *types.Func, what string, t types.Type) {
	if mentions(t, func(t types.Type) bool { return t == types.Typ[types.Invalid] }) {
		h.reject(fn, "the type of its "+what+" does not compile", "see what go vet says")
	}
}

// hidden returns the name of a type in t that the package cannot name: an unexported type
// of another package, which a promoted method may have, or a type of an internal package.
// It returns "" if there is none.
func (h *handlerReader) hidden(t types.Type) (name string) {
	mentions(t, func(t types.Type) bool {
		var obj *types.TypeName
		switch t := t.(type) {
		case *types.Alias:
			obj = t.Obj()
		case *types.Named:
			obj = t.Obj()
		case *types.Struct:
			for f := range t.Fields() {
				if !f.Exported() && !h.source.own(f) {
					name = typeString(t)
				}
			}
			return name != ""
		default:
			return false
		}
		if obj.Pkg() != nil && !h.source.own(obj) && (!obj.Exported() || !importable(obj.Pkg().Path(), h.source.types.Path())) {
			name = typeString(t)
		}
		return name != ""
	})
	return name
}

// importable tells whether the rule for internal packages allows from to import path.
func importable(path, from string) bool {
	i := strings.LastIndex("/"+path+"/", "/internal/")
	if i < 0 {
		return true
	}
	parent := strings.TrimSuffix(path[:max(0, i-1)], "/")
	if parent == "" {
		return false // of the standard library
	}
	return from == parent || strings.HasPrefix(from, parent+"/")
}

// checkWorkflow checks that a workflow has one main handler, named Run.
func (h *handlerReader) checkWorkflow() {
	if h.service.kind != handler.Workflow {
		return
	}
	if len(h.mains) == 0 {
		if _, ok := h.seen["Run"]; ok {
			run, _, _ := types.LookupFieldOrMethod(types.NewPointer(h.service.obj.Type()), true, h.source.types, "Run")
			h.reject(run, "takes a restate.WorkflowSharedContext, and it is the main handler of the workflow", "take a restate.WorkflowContext")
		} else {
			h.reject(nil, "has no main handler", "write Run(ctx restate.WorkflowContext, …)")
		}
		return
	}
	main := h.mains[0]
	for _, m := range h.mains {
		if m.Name() == "Run" {
			main = m
		}
	}
	if main.Name() != "Run" {
		h.reject(main, "takes a restate.WorkflowContext, and the main handler of a workflow is named Run", "rename it, or take a restate.WorkflowSharedContext")
	}
	for _, m := range h.mains {
		if m != main {
			h.reject(m, fmt.Sprintf("takes a restate.WorkflowContext, as %s does, and a workflow has one main handler", main.Name()), "take a restate.WorkflowSharedContext")
		}
	}
}

// checkEmbedded reports embedded types that do not compile: they may have handlers, which
// would be missing in the client. It accepts clients that are still to be generated.
func (h *handlerReader) checkEmbedded() {
	isClient := func(name string) bool {
		for _, suffix := range []string{"Client", "Ingress"} {
			structName, ok := strings.CutSuffix(name, suffix)
			if ok && h.source.types.Scope().Lookup(structName) != nil {
				return true
			}
		}
		return false
	}
	for f := range h.service.obj.Type().Underlying().(*types.Struct).Fields() {
		if f.Embedded() && !isClient(f.Name()) && mentions(f.Type(), func(t types.Type) bool { return t == types.Typ[types.Invalid] }) {
			h.reject(nil, "embeds "+f.Name()+", which does not compile", "see what go vet says")
		}
	}
}

func (h *handlerReader) kindOr(fallback handler.Kind) handler.Kind {
	return cmp.Or(h.service.kind, fallback)
}

// isContext tells whether t is an interface that has all of restate.Context.
func (h *handlerReader) isContext(t types.Type) bool {
	if !types.IsInterface(t) {
		return false
	}
	context := h.source.imports[restatePath].Types.Scope().Lookup("Context")
	return types.Implements(t, context.Type().Underlying().(*types.Interface))
}

// sdkName returns the name of a type of the SDK, through any alias, or "".
func sdkName(t types.Type) string {
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.Obj().Pkg() == nil || named.Obj().Pkg().Path() != restatePath {
		return ""
	}
	return named.Obj().Name()
}

// join lists the types of a tuple, starting at an index.
func join(tuple *types.Tuple, from int) string {
	var names []string
	for i := from; i < tuple.Len(); i++ {
		names = append(names, typeString(tuple.At(i).Type()))
	}
	return strings.Join(names, ", ")
}
