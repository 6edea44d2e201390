package fxrestate

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"
)

// Definition registers a service definition that is built without this package: by
// hand, by restate.Reflect or by generated code. It is given as a value, or by its
// constructor, plain or made with fx.Annotate, which returns a restate.ServiceDefinition
// and, optionally, an error. The definition and its manifest are not changed.
//
//	fxrestate.Definition(func(impl *Greeter) restate.ServiceDefinition {
//		return pb.NewGreeterServer(impl)
//	},
//		fxrestate.Guards(NewAuth),                               // for the service
//		fxrestate.Handler("SayHello", fxrestate.Pipes(NewTrim)), // for one handler, by its name
//	)
//
// For typed clients of its handlers, in the same application, write a contract and declare
// it with [RemoteService], [RemoteObject] or [RemoteWorkflow] and the [Name] of the
// definition. A struct for restate.Reflect needs none: register it with [Service].
//
// Options are any [Attachment], and [Handler] with the name of a handler and
// attachments. Give options of the SDK where the definition is built; those that it
// leaves open are [Config].Defaults. A codec among these does not reach the definition,
// whose handlers were built with theirs: JSON, unless restate.WithCodec or the like stands
// where the handler is built.
//
// Members of the pipeline see the input decoded by the handler's own codec. The handler
// gets the body as it arrived, byte for byte, unless a pipe changed the input. If the
// type of an input is not known, as for a type that restate.Reflect found and that
// decodes itself, pipes are an error of fx.New: see [handler.Typed]. Call interceptors
// run around calls with typed clients and with the SDK's own. Attach one that adds a header
// only once no invocation of the definition is in flight: the journal of a running one has
// a call without it, and its replay fails.
//
// A service may move from a definition to a struct and back, under the same URL and with
// the same names: invocations that are under way go on, as long as the handlers do the
// same operations.
func Definition(definition any, opts ...restate.ServiceDefinitionOption) fx.Option {
	position, constructor := caller(), definition
	if ready, ok := definition.(restate.ServiceDefinition); ok {
		constructor = func() restate.ServiceDefinition { return ready }
	}
	if err := checkConstructor(constructor, reflect.TypeFor[restate.ServiceDefinition]()); err != nil {
		return ownOption{reportMistake("Definition (%s): %w", position, err)}
	}
	decl, mistakes := declareForeign(opts, position)
	options := append(constructors(decl.all()), needModule("Definition", position))
	for _, err := range mistakes {
		options = append(options, reportMistake("Definition (%s): %w", position, err))
	}
	// The module keeps the definition private, whatever fx.Annotate made of it.
	return ownOption{fx.Module("fxrestate.Definition", append(options,
		provide(constructor, fx.Private),
		findWanted(constructor, wanted{taker: "Definition", position: position, early: true}),
		provideFrom(constructor, "", func(def restate.ServiceDefinition, s surroundings) foreignOut {
			return foreignOut{Foreign: foreign{s.place(decl), def}}
		}),
	)...)}
}

// foreign is a service definition that was built without this package, and what is
// attached to it.
type foreign struct {
	placement
	definition restate.ServiceDefinition
}

// foreignOut puts a definition into the value group of all.
type foreignOut struct {
	fx.Out

	Foreign foreign `group:"fxrestate.foreign"`
}

// withPlain joins the definitions of [Definition] and those that plain providers put
// into [DefinitionGroup].
func withPlain(all []foreign, plain []restate.ServiceDefinition) []foreign {
	for _, def := range plain {
		all = append(all, foreign{placement{declaration: &declaration{}}, def})
	}
	return all
}

// in returns the name of the handler in a definition.
func (h handlerAttachments) in(def restate.ServiceDefinition) (string, error) {
	name, ok := h.method.(string)
	if !ok {
		return "", fmt.Errorf("it names a handler of the definition of %s by a %T; name it by a string", def.Name(), h.method)
	}
	if _, ok := def.Handlers()[name]; !ok {
		names := slices.Sorted(maps.Keys(def.Handlers()))
		return "", fmt.Errorf("the definition of %s has no handler %q; name one of %s", def.Name(), name, strings.Join(names, ", "))
	}
	return name, nil
}
