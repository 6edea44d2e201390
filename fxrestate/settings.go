package fxrestate

import (
	"errors"
	"fmt"

	"go.uber.org/fx"
)

// settings is the configuration that applies, with what [Cloud] sets.
type settings struct {
	Config
	supplied Config // as it is in the graph
	given    bool   // the graph has a Config
	mistakes error  // in how it is provided; the plan reports them with all others
}

func newSettings(value given[Config], pointer given[*Config]) *settings {
	s := &settings{Config: value.value.withCloud(), supplied: value.value, given: value.provided, mistakes: value.err()}
	if pointer.provided {
		s.mistakes = errors.Join(s.mistakes, errors.New("fxrestate: a *fxrestate.Config is provided, and Module takes a fxrestate.Config; supply or return the value"))
	}
	return s
}

// Validate checks the configuration in the words of its author.
func (s *settings) Validate() error { return s.supplied.Validate() }

// present is provided by [Module].
type present struct{}

type presentParams struct {
	fx.In

	Module *present `optional:"true"`
}

// needModule makes fx.New fail where [Module] is not listed: the application would run
// and serve nothing.
func needModule(what, position string) fx.Option {
	return fx.Invoke(func(p presentParams) error {
		if p.Module == nil {
			return fmt.Errorf("fxrestate: %s%s is listed without fxrestate.Module, so nothing serves it; list fxrestate.Module in fx.New", what, at(position))
		}
		return nil
	})
}
