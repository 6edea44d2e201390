package fxrestate_test

import (
	"errors"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/pipeline/httperror"
)

// grave takes letters.
type grave struct{}

func (grave) Bury(restate.Context, pipeline.Letter) error { return nil }

func mapError(err error) restate.TerminalError { return restate.ToTerminalError(err) }

func TestStagesOfTheThreeLevelsAreCompiled(t *testing.T) {
	t.Parallel()
	got := chains(t,
		fxrestate.Use(fxrestate.AsTerminalError(mapError), fxrestate.Filters(httperror.Filter())),
		fxrestate.Service[membered](newMembered, fxrestate.Filters(httperror.Filter()),
			fxrestate.Handler(membered.Do, fxrestate.AsTerminalError(mapError))))
	require.Equal(t, []pipeline.Member{
		{Stage: "filter", Level: "service", Name: "httperror.Filter"},
		{Stage: "filter", Level: "global", Name: "httperror.Filter"},
		{Stage: "error mapping", Level: "handler", Name: "fxrestate_test.mapError"},
		{Stage: "error mapping", Level: "global", Name: "fxrestate_test.mapError"},
	}, got["Do"])
	require.Len(t, got["Other"], 3)
}

func TestDeadLettersGoToServicesOfThisApplication(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		option fx.Option
		wrong  string
	}{
		"registered": {fxrestate.Service[grave](func() grave { return grave{} }, fxrestate.Name("graves")), ""},
		"in the group, by its own name": {fx.Provide(fx.Annotate(func() fxrestate.Registration {
			return fxrestate.NewService(grave{})
		}, fx.ResultTags(fxrestate.RegistrationGroup))), ""},
		"in the group, by the registration's name": {fx.Provide(fx.Annotate(func() fxrestate.Registration {
			return fxrestate.NewService(grave{}, fxrestate.Name("graves"))
		}, fx.ResultTags(fxrestate.RegistrationGroup))), ""},
		"nowhere": {fx.Options(), "is not a service of this application"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := fx.New(fxrestate.Module, fx.Supply(zap.NewNop()), fx.NopLogger, tt.option,
				fxrestate.Use(fxrestate.DeadLetter(grave.Bury)))
			if tt.wrong == "" {
				require.NoError(t, app.Err())
			} else {
				require.ErrorContains(t, app.Err(), tt.wrong)
			}
		})
	}
}

func TestAFailingConstructorIsTheErrorOfTheApplication(t *testing.T) {
	t.Parallel()
	failure := errors.New("no key")
	app := fx.New(fxrestate.Module, fx.Supply(zap.NewNop()), fx.NopLogger,
		fxrestate.Service[membered](newMembered, fxrestate.Guards(func() (*gate, error) { return nil, failure })))
	require.ErrorIs(t, app.Err(), failure)
	require.ErrorContains(t, app.Err(), "a guard (assembler_test.go:")
}
