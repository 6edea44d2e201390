package fxrestate

import (
	"errors"
	"fmt"

	"go.uber.org/fx"

	"github.com/fxrestate/go/internal/override"
)

// settings is the configuration that applies, with what [Cloud] sets.
type settings struct {
	Config
	supplied Config // as it is in the graph
	own      Config // before what Cloud sets
	given    bool   // the graph has a Config
	mistakes error  // in how it is provided; the plan reports them with all others
}

type settingsParams struct {
	fx.In

	Value   given[Config]
	Pointer given[*Config]
	Kit     *override.App[Config] `optional:"true"`
}

func newSettings(p settingsParams) *settings {
	own := p.Value.value
	if p.Kit != nil {
		own = p.Kit.Config(own)
	}
	s := &settings{Config: own.withCloud(), supplied: p.Value.value, own: own, given: p.Value.provided, mistakes: p.Value.err()}
	if p.Pointer.provided {
		s.mistakes = errors.Join(s.mistakes, errors.New("fxrestate: a *fxrestate.Config is provided, and Module takes a fxrestate.Config; supply or return the value"))
	}
	return s
}

// Validate checks the configuration in the words of its author.
func (s *settings) Validate() error { return s.own.Validate() }

// present is provided by [Module].
type present struct{}

// listModuleOnce has the name that dig's error has where [Module] is listed twice.
func listModuleOnce() *present { return &present{} }

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
