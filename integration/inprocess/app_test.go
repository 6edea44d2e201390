package inprocess_test

import (
	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
)

// definitions registers services.
func definitions(services []restate.ServiceDefinition) fx.Option {
	var all []fx.Option
	for _, def := range services {
		all = append(all, fxrestate.Definition(func() restate.ServiceDefinition { return def }))
	}
	return fx.Options(all...)
}
