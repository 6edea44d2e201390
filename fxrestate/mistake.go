package fxrestate

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/dashboard"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/httpserver"
	"github.com/fxrestate/go/ingress"
)

// mistake is what is wrong with a call of a function of this package. It goes through
// the graph so that it is reported together with all others, which fx.Error would hide.
type mistake struct{ err error }

func reportMistake(format string, args ...any) fx.Option {
	return fx.Supply(fx.Annotate(mistake{fmt.Errorf("fxrestate: "+format, args...)}, fx.ResultTags(`group:"fxrestate.mistakes"`)))
}

// checkConstructor says what is wrong with the constructor of a type. It does not look
// into annotated constructors.
func checkConstructor(constructor any, want reflect.Type) error {
	if v := reflect.ValueOf(constructor); !v.IsValid() || v.Kind() == reflect.Func && v.IsNil() {
		return fmt.Errorf("the constructor is nil; pass the function that returns %s", want)
	}
	if own, ok := constructor.(provided); ok {
		if own.of != want {
			return fmt.Errorf("the constructor is Provided[%s](); write Provided[%s]()", own.of, want)
		}
		return nil
	}
	t := reflect.TypeOf(constructor)
	if t.Kind() == reflect.Struct {
		return nil // fx.Annotate, fx.Annotated
	}
	if t.Kind() != reflect.Func {
		return fmt.Errorf("the constructor is a %s; pass the function that returns %s", t, want)
	}
	if err := checkParameters(t); err != nil {
		return err
	}
	for i := range t.NumOut() {
		if out := t.Out(i); out == want || isOut(out) {
			return nil
		}
	}
	return fmt.Errorf("the constructor %s does not return %s; pass the function that does", t, want)
}

// checkParameters rejects a constructor of what the endpoint serves that takes what is
// made of the services or starts after them. dig would report it as a cycle.
func checkParameters(constructor reflect.Type) error {
	for t := range dependencies(constructor) {
		switch {
		case t == reflect.TypeFor[*ingress.Client]():
			return fmt.Errorf("the constructor %s takes an *ingress.Client, which is for code outside handlers and starts after the services; take an rpc.Service, rpc.Object or rpc.Workflow of the type to call", constructor)
		case isIngress(t):
			client := strings.TrimSuffix(t.String(), ingressSuffix) + "Client"
			return fmt.Errorf("the constructor %s takes a %s, which is for code outside handlers and starts after the services; take a %s", constructor, t, client)
		case t == reflect.TypeFor[*Health](), t == reflect.TypeFor[*endpoint.Endpoint](), t == reflect.TypeFor[*httpserver.Server](), t == reflect.TypeFor[*dashboard.Page]():
			return fmt.Errorf("the constructor %s takes a %s, which is made after the services; take it where no service depends on it", constructor, t)
		}
	}
	return nil
}

// ingressSuffix is how fxrestate gen names clients for code outside handlers.
const ingressSuffix = "Ingress"

// isIngress reports whether a type is such a client: its methods, or those of what its
// methods return, are of package ingress.
func isIngress(t reflect.Type) bool {
	return t.Kind() == reflect.Interface && strings.HasSuffix(t.Name(), ingressSuffix) && leadsToIngress(t, 2)
}

func leadsToIngress(t reflect.Type, depth int) bool {
	for i := range t.NumMethod() {
		m := t.Method(i).Type
		if n := m.NumIn(); n > 0 && m.IsVariadic() && m.In(n-1).Elem() == reflect.TypeFor[ingress.RequestOption]() {
			return true
		}
		if m.NumOut() == 1 && m.Out(0).Kind() == reflect.Interface && depth > 0 && leadsToIngress(m.Out(0), depth-1) {
			return true
		}
	}
	return false
}

// dependencies returns what fx looks up to call a constructor, without what has a name or
// is a group, and whether it is optional.
func dependencies(constructor reflect.Type) iter.Seq2[reflect.Type, bool] {
	return func(yield func(reflect.Type, bool) bool) {
		for i := range constructor.NumIn() {
			t := constructor.In(i)
			if !embeds(t, reflect.TypeFor[fx.In]()) {
				if !yield(t, false) {
					return
				}
				continue
			}
			for _, f := range reflect.VisibleFields(t) {
				if f.Anonymous || !f.IsExported() || f.Tag.Get("name")+f.Tag.Get("group") != "" {
					continue
				}
				optional, _ := strconv.ParseBool(f.Tag.Get("optional")) // as dig does
				if !yield(f.Type, optional) {
					return
				}
			}
		}
	}
}

// isOut reports whether a result is a struct that embeds fx.Out.
func isOut(t reflect.Type) bool { return embeds(t, reflect.TypeFor[fx.Out]()) }

// embeds reports whether a struct embeds another.
func embeds(t, embedded reflect.Type) bool {
	return t.Kind() == reflect.Struct && slices.ContainsFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool {
		return f.Anonymous && f.Type == embedded
	})
}

// misplacedKey is the metadata key that options of this package set where the SDK
// applies them, which means that nothing else does.
const misplacedKey = "fxrestate.misplaced"

// misplaced reports options of this package where only those of the SDK work. A guard
// that never runs must not go unnoticed.
func misplaced(defaults []restate.ServiceDefinitionOption, definitions []foreign) error {
	var errs []error
	report := func(where, position, fix string) {
		errs = append(errs, fmt.Errorf("fxrestate: %s has an option of package fxrestate%s, which does nothing there; %s", where, at(position), fix))
	}
	for _, opt := range defaults {
		switch own := opt.(type) {
		case Attachment:
			report("Config.Defaults", own.position, "attach to all handlers with Use")
		case option:
			report("Config.Defaults", own.position, "give it to Service, Object or Workflow")
		}
	}
	for _, def := range definitions {
		if isNil(def.definition) {
			continue
		}
		const fix = "attach with Use or as an option of Definition, or register the struct with Service, Object or Workflow"
		if position, ok := def.definition.GetOptions().Metadata[misplacedKey]; ok {
			report("the definition of "+def.definition.Name(), position, fix)
		}
		handlers := def.definition.Handlers()
		for _, name := range slices.Sorted(maps.Keys(handlers)) {
			if position, ok := handlers[name].GetOptions().Metadata[misplacedKey]; ok {
				report("the definition of "+def.definition.Name()+"/"+name, position, fix)
			}
		}
	}
	return errors.Join(errs...)
}
