package fxrestate

import (
	"errors"
	"slices"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/endpoint"
)

// serve returns the definitions that the endpoint serves: those of the plan, with the
// instances that fx has constructed.
func (p *plan) serve(constructed []Registration) ([]restate.ServiceDefinition, error) {
	var errs []error
	definitions := slices.Clone(p.foreign)
	for _, r := range slices.Concat(constructed, p.contributed) {
		desc := p.catalog.descriptors[r.declaration]
		if err := desc.Check(r.instance); err != nil {
			errs = append(errs, err)
			continue
		}
		def, err := endpoint.Define(p.pipelines[r.declaration], desc, r.instance)
		errs = append(errs, err)
		definitions = append(definitions, def)
	}
	return definitions, errors.Join(errs...)
}
