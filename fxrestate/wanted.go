package fxrestate

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"go.uber.org/fx"

	"github.com/fxrestate/go/rpc"
)

// wanted is a client that a constructor takes and nobody provides.
type wanted struct {
	client   reflect.Type // such as rpc.Service[*shop.Payments]
	taker    string       // the type that is constructed
	position string
	early    bool // the plan cannot be made without what is constructed
}

// demands are the clients that nobody provides. The plan takes them before the instances
// that it needs, whose constructors dig would report instead.
type demands struct{ errs []error }

type demandsParams struct {
	fx.In

	Settings *settings
	Catalog  *catalog
	Wanted   []wanted  `group:"fxrestate.wanted"`
	Mistakes []mistake `group:"fxrestate.mistakes"`
}

// newDemands returns an error if there will be no plan to report the demands.
func newDemands(p demandsParams) (*demands, error) {
	d, early := &demands{}, false
	for _, w := range p.Wanted {
		d.errs = append(d.errs, w.err(p.Catalog.placements))
		early = early || w.early
	}
	if !early {
		return d, nil
	}
	d.errs = append(d.errs, p.Settings.mistakes, p.Settings.Validate(), p.Catalog.err)
	for _, m := range p.Mistakes {
		d.errs = append(d.errs, m.err)
	}
	return nil, errors.Join(d.errs...)
}

// wantedOut puts such clients into a value group, for the plan: dig would report them
// without what to do.
type wantedOut struct {
	fx.Out

	Wanted []wanted `group:"fxrestate.wanted,flatten"`
}

// findWanted provides the clients that a constructor takes and nobody provides, with what
// by says of it.
func findWanted(constructor any, by wanted) fx.Option {
	t := reflect.TypeOf(constructor)
	if t.Kind() != reflect.Func {
		return fx.Options() // fx.Annotate
	}
	fields := []reflect.StructField{{Name: "In", Type: reflect.TypeFor[fx.In](), Anonymous: true}}
	for client, optional := range dependencies(t) {
		if !optional && isClient(client) {
			fields = append(fields, reflect.StructField{Name: fmt.Sprintf("C%d", len(fields)), Type: client, Tag: `optional:"true"`})
		}
	}
	if len(fields) == 1 {
		return fx.Options()
	}
	in, out := []reflect.Type{reflect.StructOf(fields)}, []reflect.Type{reflect.TypeFor[wantedOut]()}
	return fx.Provide(reflect.MakeFunc(reflect.FuncOf(in, out, false), func(args []reflect.Value) []reflect.Value {
		var found wantedOut
		for i := 1; i < len(fields); i++ {
			if args[0].Field(i).IsZero() {
				one := by
				one.client = fields[i].Type
				found.Wanted = append(found.Wanted, one)
			}
		}
		return []reflect.Value{reflect.ValueOf(found)}
	}).Interface())
}

// isClient reports whether a type is an rpc.Service, rpc.Object or rpc.Workflow.
func isClient(t reflect.Type) bool {
	name, _, generic := strings.Cut(t.Name(), "[")
	return generic && t.PkgPath() == reflect.TypeFor[rpc.Service[int]]().PkgPath() &&
		(name == "Service" || name == "Object" || name == "Workflow")
}

// err says how to provide the client.
func (w wanted) err(declared []placement) error {
	kind, contract, _ := strings.Cut(strings.TrimSuffix(w.client.Name(), "]"), "[")
	for _, d := range declared {
		if qualified(d.spec.Type) == contract {
			return fmt.Errorf("fxrestate: %s%s: its constructor takes an %s, and that type is registered as a %s%s; take the client of its kind", w.taker, at(w.position), w.client, d.spec.Kind, at(d.spec.Position))
		}
	}
	return fmt.Errorf("fxrestate: %s%s: its constructor takes an %s, and nobody registered that type; register it with fxrestate.%s, or declare it with fxrestate.Remote%[4]s if another application serves it", w.taker, at(w.position), w.client, kind)
}

// qualified is a type as the name of a generic type writes its argument.
func qualified(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		return "*" + qualified(t.Elem())
	}
	return t.PkgPath() + "." + t.Name()
}
