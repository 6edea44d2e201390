package gen

import (
	"errors"
	"fmt"
	"go/types"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fxrestate/go/handler"
)

// names chooses the names of imported packages, so that they conflict neither with each
// other nor with declarations of the package. It is filled while the rest of the file is
// written.
type names struct {
	self     *types.Package
	taken    map[string]bool
	byPath   map[string]string
	packages map[string]*types.Package
}

// parameters are the names of parameters and receivers in generated code.
var parameters = []string{"ctx", "in", "opts", "key", "id", "c", "client"}

func newNames(self *types.Package) *names {
	n := &names{self: self, taken: map[string]bool{}, byPath: map[string]string{}, packages: map[string]*types.Package{}}
	for _, name := range parameters {
		n.taken[name] = true
	}
	return n
}

// of returns the name of a package in generated code: the package's own name, unless that
// is taken. It is a types.Qualifier.
func (n *names) of(pkg *types.Package) string {
	if pkg == n.self {
		return ""
	}
	if name, ok := n.byPath[pkg.Path()]; ok {
		return name
	}
	name := pkg.Name()
	for i := 2; n.taken[name] || n.self.Scope().Lookup(name) != nil; i++ {
		name = pkg.Name() + strconv.Itoa(i)
	}
	n.taken[name] = true
	n.byPath[pkg.Path()], n.packages[pkg.Path()] = name, pkg
	return name
}

// imports returns the lines of the import declaration: first those of the standard
// library, which have no dot in their first element, then the others.
func (n *names) imports() (std, others []string) {
	paths := make([]string, 0, len(n.byPath))
	for p := range n.byPath {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	for _, p := range paths {
		line := strconv.Quote(p)
		if name := n.byPath[p]; name != path.Base(p) {
			line = name + " " + line
		}
		if first, _, _ := strings.Cut(p, "/"); strings.Contains(first, ".") {
			others = append(others, line)
		} else {
			std = append(std, line)
		}
	}
	return std, others
}

// declared has the names that the generated file declares for a struct.
type declared struct {
	Client, Calls, Sends, Starts                    string
	NewClient                                       string
	Ingress, IngressCalls, IngressSends, Lookups    string
	NewIngress                                      string
	ClientImpl, CallsImpl, SendsImpl, StartsImpl    string
	IngressImpl, IngressCallsImpl, IngressSendsImpl string
	LookupsImpl                                     string
}

// declaredFor returns the names for a struct. They are exported if the struct is. A
// service has no key, so its client makes the calls directly.
func declaredFor(s *service) declared {
	name, create := s.obj.Name(), "New"
	first, size := utf8.DecodeRuneInString(name)
	upper := string(unicode.ToUpper(first)) + name[size:] // within a name
	if !s.obj.Exported() {
		create = "new"
	}
	d := declared{
		Client: name + "Client", Calls: name + "Calls", Sends: name + "Sends", Starts: name + "Starts",
		NewClient: create + upper + "Client",
		Ingress:   name + "Ingress", IngressCalls: name + "IngressCalls", IngressSends: name + "IngressSends", Lookups: name + "IngressLookups",
		NewIngress: create + upper + "Ingress",
		ClientImpl: "restate" + upper + "Client", CallsImpl: "restate" + upper + "Calls", SendsImpl: "restate" + upper + "Sends", StartsImpl: "restate" + upper + "Starts",
		IngressImpl: "ingress" + upper + "Client", IngressCallsImpl: "ingress" + upper + "Calls", IngressSendsImpl: "ingress" + upper + "Sends", LookupsImpl: "ingress" + upper + "Lookups",
	}
	if !s.kind.Keyed() {
		d.Calls, d.CallsImpl = d.Client, d.ClientImpl
		d.IngressCalls, d.IngressCallsImpl = d.Ingress, d.IngressImpl
	}
	return d
}

func (d declared) all() []string {
	all := []string{
		d.Client, d.Calls, d.Sends, d.Starts, d.NewClient,
		d.Ingress, d.IngressCalls, d.IngressSends, d.Lookups, d.NewIngress,
		d.ClientImpl, d.CallsImpl, d.SendsImpl, d.StartsImpl,
		d.IngressImpl, d.IngressCallsImpl, d.IngressSendsImpl, d.LookupsImpl,
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// clientsMethod is the method that package fxrestate looks for.
const clientsMethod = "RestateClients"

// checkCollisions reports names that the package already declares, or that two structs
// would share.
func (n *names) checkCollisions(src *source, services []*service, fakes bool) error {
	var problems []error
	owner := map[string]*service{}
	for _, s := range services {
		declares := declaredFor(s).all()
		if fakes {
			declares = append(declares, fakeNamesFor(s).all()...)
		}
		for _, name := range declares {
			clash := ""
			if obj := src.types.Scope().Lookup(name); obj != nil {
				clash = fmt.Sprintf("needs the name %s, which is declared in %s", name, src.position(obj.Pos()))
			} else if other := owner[name]; other != nil {
				clash = fmt.Sprintf("needs the name %s, as %s does", name, other.obj.Name())
			}
			owner[name] = s
			n.taken[name] = true
			if clash != "" {
				problems = append(problems, &Problem{
					Type: src.types.Name() + "." + s.obj.Name(), Position: src.position(s.obj.Pos()),
					Reason: clash, Fix: "rename one of them",
				})
			}
		}
		// A method or field of an embedded struct is no clash: the nearer one counts.
		if own, path, _ := types.LookupFieldOrMethod(s.obj.Type(), true, src.types, clientsMethod); own != nil && len(path) == 1 {
			problems = append(problems, &Problem{
				Type: src.types.Name() + "." + s.obj.Name(), Position: src.position(own.Pos()),
				Reason: "has a field or method " + clientsMethod + ", the name of a method in the generated file", Fix: "rename it",
			})
		}
		if _, err := accessorsFor(s); err != nil {
			problems = append(problems, &Problem{
				Type: src.types.Name() + "." + s.obj.Name(), Position: src.position(s.obj.Pos()),
				Reason: err.Error(), Fix: "rename one of them",
			})
		}
	}
	return errors.Join(problems...)
}

// accessors are the methods that lead from the calls to the other verbs.
type accessors struct {
	Send, Start   string
	IngressSend   string
	IngressLookup string
}

// accessorsFor returns Send, Start and Lookup. A handler has precedence: if there is a
// handler Send, the accessor is named Sends.
func accessorsFor(s *service) (accessors, error) {
	handlers := map[string]bool{}
	for _, m := range s.methods {
		handlers[m.obj.Name()] = true
	}
	var clash error
	choose := func(name string) string {
		if handlers[name] && handlers[name+"s"] {
			clash = fmt.Errorf("has handlers %s and %[1]ss, so there is no name left for the method that returns the %s", name, strings.ToLower(name)+"s")
		}
		if handlers[name] {
			return name + "s"
		}
		return name
	}
	a := accessors{Send: choose("Send"), Start: choose("Start"), IngressSend: choose("Send"), IngressLookup: choose("Lookup")}
	return a, clash
}

// words are the words for a kind of service in the generated file.
type words struct {
	Kind     string // "virtual object"
	Target   string // "Object": the client of package rpc and of package ingress, and
	Keyed    string // "Keyed": what the key makes of it
	Key      string // the method that takes the key, and
	KeyParam string // its parameter
}

var wordsFor = map[handler.Kind]words{
	handler.Service:  {handler.Service.String(), "Service", "Service", "", ""},
	handler.Object:   {handler.Object.String(), "Object", "Keyed", "Key", "key"},
	handler.Workflow: {handler.Workflow.String(), "Workflow", "Keyed", "ID", "id"},
}
