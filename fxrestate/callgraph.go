package fxrestate

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/description"
	"github.com/fxrestate/go/internal/dotgraph"
)

// callGraph tells which services may call which: those whose clients their constructors
// take, also through types that fx constructs. It goes by the names of types, since fx tells
// no more: of two types with the same name, both count.
type callGraph struct {
	constructors []dotgraph.Constructor
	groups       map[string][]string
	giving       map[string][]int     // constructors, by what they give
	clients      map[string]clientFor // by their types
}

// clientFor is a service that a type of client is for.
type clientFor struct {
	service         string
	remote, outside bool
}

func newCallGraph(dot string, c *catalog) (*callGraph, error) {
	drawn, err := dotgraph.Parse(dot)
	if err != nil {
		return nil, fmt.Errorf("fxrestate: the graph of fx: %w", err)
	}
	g := &callGraph{constructors: drawn.Constructors, groups: drawn.Groups, giving: map[string][]int{}, clients: map[string]clientFor{}}
	for i, ctor := range g.constructors {
		for _, node := range ctor.Gives {
			g.giving[node] = append(g.giving[node], i)
		}
	}
	for _, placed := range c.placements {
		desc := c.descriptors[placed.declaration]
		if desc == nil {
			continue
		}
		for _, constructor := range placed.clients {
			client := reflect.TypeOf(constructor).Out(0)
			g.clients[client.String()] = clientFor{desc.Name, !placed.served, isIngress(client)}
		}
	}
	return g, nil
}

// walk visits what the constructors of a type take, and those of that, outside this package.
// It does not go into clients.
func (g *callGraph) walk(node string, through []string, seen map[string]bool, visit func(node string, optional bool, through []string)) {
	if seen[node] {
		return
	}
	seen[node] = true
	for _, i := range g.giving[node] {
		if g.ours(i) {
			continue
		}
		ctor := g.constructors[i]
		for n, taken := range slices.Concat(ctor.Takes, ctor.Optional) {
			visit(taken, n >= len(ctor.Takes), through)
			if _, client := g.clients[taken]; client || strings.Contains(taken, "group=fxrestate.") {
				continue
			}
			members, group := g.groups[taken]
			if !group {
				members = []string{taken}
			}
			for _, member := range members {
				g.walk(member, append(slices.Clone(through), member), seen, visit)
			}
		}
	}
}

// ours reports whether a constructor is one of Module's, or of fx.
func (g *callGraph) ours(i int) bool {
	pkg := g.constructors[i].Package
	return pkg == reflect.TypeFor[Config]().PkgPath() || pkg == "go.uber.org/fx"
}

// of returns what a service calls, by name.
func (g *callGraph) of(service reflect.Type) []description.Call {
	var calls []description.Call
	g.walk(service.String(), nil, map[string]bool{}, func(node string, _ bool, through []string) {
		if to, ok := g.clients[node]; ok && !to.outside {
			calls = append(calls, description.Call{Service: to.service, By: description.ByClient, Client: node, Through: through, Remote: to.remote})
		}
	})
	slices.SortStableFunc(calls, func(a, b description.Call) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(len(a.Through), len(b.Through)), cmp.Compare(a.Client, b.Client))
	})
	return slices.CompactFunc(calls, func(a, b description.Call) bool {
		return a.Service == b.Service && a.Client == b.Client && slices.Equal(a.Through, b.Through)
	})
}

// missing reports what the constructors of services need and nobody provides. fx would
// report it when it runs them.
func (g *callGraph) missing(served []placement) error {
	var errs []error
	for _, placed := range served {
		if !placed.served {
			continue
		}
		g.walk(placed.spec.Type.String(), nil, map[string]bool{}, func(node string, optional bool, through []string) {
			_, group := g.groups[node]
			if optional || group || len(g.giving[node]) > 0 {
				return
			}
			taker := "its constructor"
			if len(through) > 0 {
				taker = "the constructor of " + through[len(through)-1]
			}
			errs = append(errs, fmt.Errorf("fxrestate: %s%s: %s takes a %s, which nobody provides; provide it", placed.spec.Type, at(placed.spec.Position), taker, node))
		})
		if len(g.giving[placed.spec.Type.String()]) == 0 {
			errs = append(errs, fmt.Errorf("fxrestate: %s%s: nobody provides it, although its registration says so with Provided; provide it", placed.spec.Type, at(placed.spec.Position)))
		}
	}
	return errors.Join(errs...)
}

// outside returns the constructors of the application that take a client for code outside
// handlers, by name. Functions given to fx.Invoke are not in the graph.
func (g *callGraph) outside() []description.Outside {
	var out []description.Outside
	for i, ctor := range g.constructors {
		generated := slices.ContainsFunc(ctor.Gives, func(node string) bool { return g.clients[node].outside })
		if g.ours(i) || generated || ctor.Package == "reflect" {
			continue
		}
		for _, node := range slices.Concat(ctor.Takes, ctor.Optional) {
			to := g.clients[node]
			if to.outside || node == reflect.TypeFor[*ingress.Client]().String() {
				out = append(out, description.Outside{Constructor: path.Base(ctor.Package) + "." + ctor.Name, Client: node, Service: to.service})
			}
		}
	}
	slices.SortFunc(out, func(a, b description.Outside) int {
		return cmp.Or(cmp.Compare(a.Constructor, b.Constructor), cmp.Compare(a.Client, b.Client))
	})
	return slices.Compact(out)
}
