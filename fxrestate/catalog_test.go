package fxrestate_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/handler"
)

// plain puts a registration into the group as a library would.
func plain(registration func() fxrestate.Registration) fx.Option {
	return fx.Provide(fx.Annotate(registration, fx.ResultTags(fxrestate.RegistrationGroup)))
}

func TestClientsKnowServicesThatPlainProvidersRegister(t *testing.T) {
	t.Parallel()
	graves := func() fxrestate.Registration { return fxrestate.NewService(grave{}, fxrestate.Name("graves")) }
	more := func() fxrestate.Registration { return fxrestate.NewService(grave{}, fxrestate.Name("more")) }
	declared := fxrestate.Service[grave](func() grave { return grave{} }, fxrestate.Name("declared"))
	for name, tt := range map[string]struct {
		option fx.Option
		target string
		wrong  string // of the resolution
	}{
		"registered":                         {plain(graves), "graves/Bury", ""},
		"registered, and declared as remote": {fx.Options(plain(graves), fxrestate.RemoteService[grave](fxrestate.Name("graves"))), "graves/Bury", ""},
		"registered beside a declared one":   {fx.Options(plain(graves), declared), "declared/Bury", ""},
		"registered twice":                   {fx.Options(plain(graves), plain(more)), "", "; call it by name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r *handler.Registry
			app := fx.New(fxrestate.Module, fx.Supply(zap.NewNop()), fx.NopLogger, fx.Populate(&r), tt.option)
			require.NoError(t, app.Err())
			ref, err := r.Resolve(grave.Bury)
			if tt.wrong != "" {
				require.ErrorContains(t, err, tt.wrong)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.target, ref.Target().String())
		})
	}
}

func TestAServiceThatItsClientsCallByAnotherNameIsAMistake(t *testing.T) {
	t.Parallel()
	app := fx.New(fxrestate.Module, fx.Supply(zap.NewNop()), fx.NopLogger,
		fxrestate.RemoteService[grave](),
		plain(func() fxrestate.Registration { return fxrestate.NewService(grave{}, fxrestate.Name("graves")) }))
	require.ErrorContains(t, app.Err(), `fxrestate: fxrestate_test.grave is served as "graves" (catalog_test.go:`)
	require.ErrorContains(t, app.Err(), `, and its clients call "grave" (catalog_test.go:`)
	require.ErrorContains(t, app.Err(), "; register it with Service, Object or Workflow instead of both")
}
