package fxrestate

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	restate "github.com/restatedev/sdk-go"
)

// misplacedKey is the metadata that options of this package leave in definitions
// that the SDK made with them: it cannot do what they say.
const misplacedKey = "fxrestate.misplaced"

// misplaced reports options of this package where only those of the SDK work: a
// guard that nothing asks must not go unnoticed.
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
