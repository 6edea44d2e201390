package fxrestate_test

import (
	"context"
	"net/http"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/rpc"
)

// absent is a type that nothing provides.
type absent struct{}

// local is a configuration with which tests can run side by side.
func local() fxrestate.Config {
	return fxrestate.Config{Endpoint: endpoint.Config{Addr: "127.0.0.1:0"}}
}

func TestAConfigThatDoesNotApplyIsAnErrorOfNew(t *testing.T) {
	t.Parallel()
	const pointer = "fxrestate: a *fxrestate.Config is provided, and Module takes a fxrestate.Config; supply or return the value"
	const lacking = "is provided, and its constructor cannot run, because it takes a type that nothing provides"
	cfg := local()
	for name, tt := range map[string]struct {
		option fx.Option
		want   string
	}{
		"a pointer":                                {fx.Supply(&cfg), pointer},
		"a pointer that is nil":                    {fx.Supply((*fxrestate.Config)(nil)), pointer},
		"a constructor of a pointer":               {fx.Provide(func() *fxrestate.Config { return &cfg }), pointer},
		"a pointer and a value":                    {fx.Supply(&cfg, cfg), pointer},
		"a constructor of a pointer, that lacks":   {fx.Provide(func(absent) *fxrestate.Config { return &cfg }), pointer},
		"a constructor that lacks a dependency":    {fx.Provide(func(absent) fxrestate.Config { return cfg }), "fxrestate.Config " + lacking},
		"one whose dependency lacks one":           {fx.Provide(func(int) fxrestate.Config { return cfg }, func(absent) int { return 1 }), "fxrestate.Config " + lacking},
		"one in a module":                          {fx.Module("m", fx.Provide(func(absent) fxrestate.Config { return cfg })), "fxrestate.Config " + lacking},
		"a constructor of a logger that lacks one": {fx.Provide(func(absent) *zap.Logger { return zap.NewNop() }), "*zap.Logger " + lacking},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := fx.New(fxrestate.Module, fx.NopLogger, tt.option)
			require.ErrorContains(t, app.Err(), tt.want)
		})
	}
}

func TestAPointerToAConfigIsReportedBesideOtherMistakes(t *testing.T) {
	t.Parallel()
	app := fx.New(fxrestate.Module, fx.NopLogger, fx.Supply(&fxrestate.Config{}), fxrestate.Service[membered](nil))
	require.ErrorContains(t, app.Err(), "a *fxrestate.Config is provided")
	require.ErrorContains(t, app.Err(), "the constructor is nil")
}

func TestAConfigIsConstructedWithItsDependencies(t *testing.T) {
	t.Parallel()
	var e *endpoint.Endpoint
	app := fx.New(fxrestate.Module, fx.NopLogger, fx.Supply(zap.NewNop(), "127.0.0.1:1"), fx.Populate(&e),
		fx.Provide(func(addr string) (fxrestate.Config, error) {
			return fxrestate.Config{Endpoint: endpoint.Config{Addr: addr}}, nil
		}))
	require.NoError(t, app.Err())
	require.Equal(t, "127.0.0.1:1", e.Config().Addr)
}

func TestOptionsWithoutModuleAreAnErrorOfNew(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		option     fx.Option
		line, what string
	}{
		"a service":             {fxrestate.Service[membered](newMembered), here(), "fxrestate_test.membered"},
		"a service in a module": {fx.Module("m", fxrestate.Service[membered](newMembered)), here(), "fxrestate_test.membered"},
		"a service in a group":  {fxrestate.Group(fxrestate.Service[membered](newMembered)), here(), "fxrestate_test.membered"},
		"a definition":          {fxrestate.Definition(handMade), here(), "Definition"},
		"a use":                 {useGuard("1"), "group_test.go:", "Use"},
		"a remote service":      {fxrestate.RemoteService[*remoteRates](), here(), "*fxrestate_test.remoteRates"},
		"a server": {
			fxrestate.HTTPServer(func(*ingress.Client) http.Handler { return nil }), here(), "HTTPServer",
		},
		"a server of nothing":   {fxrestate.HTTPServer(nil), here(), "HTTPServer"},
		"one of an invocation":  {fxrestate.PerInvocation[*gate](func(context.Context) *gate { return nil }), here(), "PerInvocation[*fxrestate_test.gate]"},
		"a mistake in such one": {fxrestate.PerInvocation[*gate](nil), here(), "PerInvocation[*fxrestate_test.gate]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := fx.New(fx.NopLogger, tt.option)
			require.ErrorContains(t, app.Err(), "fxrestate: "+tt.what+" ("+tt.line)
			require.ErrorContains(t, app.Err(), "is listed without fxrestate.Module, so nothing serves it; list fxrestate.Module in fx.New")
		})
	}
}

func TestWhatIsProvidedAndNotServedIsNamed(t *testing.T) {
	t.Parallel()
	t.Run("a registration outside of the group is an error", func(t *testing.T) {
		t.Parallel()
		for name, constructor := range map[string]any{
			"its constructor":            func() fxrestate.Registration { return fxrestate.NewService(membered{}) },
			"a constructor that lacks":   func(absent) fxrestate.Registration { return fxrestate.NewService(membered{}) },
			"one with an error":          func() (fxrestate.Registration, error) { return fxrestate.NewService(membered{}), nil },
			"one that calls the service": func(rpc.Service[membered]) fxrestate.Registration { return fxrestate.NewService(membered{}) },
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				app := fx.New(fxrestate.Module, fx.NopLogger, fx.Supply(zap.NewNop(), local()), fx.Provide(constructor))
				require.ErrorContains(t, app.Err(), "fxrestate: a Registration is provided outside of the value group, so nothing serves it; annotate its constructor with fx.ResultTags(fxrestate.RegistrationGroup), or list Service, Object or Workflow")
			})
		}
	})
	for name, tt := range map[string]struct {
		option fx.Option
		notes  int
	}{
		"a definition that is not listed": {fx.Provide(handMade), 1},
		"a definition that is":            {fxrestate.Definition(handMade), 0},
		"one of the graph that is":        {fx.Options(fx.Provide(handMade), fxrestate.Definition(fxrestate.Provided[fxrestate.ServiceDefinition]())), 0},
		"one in the group":                {fx.Provide(fx.Annotate(handMade, fx.ResultTags(fxrestate.DefinitionGroup))), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines := startLocal(t, tt.option).FilterMessage("this may be a mistake").All()
			require.Len(t, lines, tt.notes)
			for _, line := range lines {
				require.Equal(t, "fxrestate: a restate.ServiceDefinition is provided, and nothing serves it; list its constructor with fxrestate.Definition, or annotate it with fx.ResultTags(fxrestate.DefinitionGroup)", line.ContextMap()["what"])
			}
		})
	}
	t.Run("a struct that is not registered leaves no service", func(t *testing.T) {
		t.Parallel()
		lines := startLocal(t, fx.Provide(newMembered)).FilterMessage("serving").All()
		require.Len(t, lines, 1)
		require.EqualValues(t, 0, lines[0].ContextMap()["services"])
	})
}

// helpful has handlers, and methods that are none.
type helpful struct{ embeddedHelp }

func (*helpful) Do(restate.Context) error { return nil }

func (*helpful) Refund(context.Context, int) error { return nil }

func (*helpful) Step(restate.RunContext, int) error { return nil }

func (*helpful) Late(_ int, _ restate.Context) error { return nil }

func (*helpful) Close(context.Context) error { return nil }

func (*helpful) Name() string { return "" }

type embeddedHelp struct{}

func (embeddedHelp) Promoted(context.Context) error { return nil }

func TestMethodsThatMayBeMeantAsHandlersAreNamedAtStart(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]fx.Option{
		"of a service": fxrestate.Service[*helpful](func() *helpful { return &helpful{} }, fxrestate.Exclude((*helpful).Close)),
		"of a registration": plain(func() fxrestate.Registration {
			return fxrestate.NewService(&helpful{}, fxrestate.Exclude((*helpful).Close))
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			logs := startLocal(t, option)
			lines := logs.FilterMessage("this may be a mistake").All()
			wants := []string{
				`Late \(silent_test\.go:\d+\): takes its restate\.Context as parameter 2, so it is not a handler; take a restate\.Context first, or exclude the method$`,
				`Refund \(silent_test\.go:\d+\): takes a context\.Context, so it is not a handler; take a restate\.Context, or exclude the method$`,
				`Step \(silent_test\.go:\d+\): takes a restate\.RunContext, so it is not a handler; take a restate\.Context, or exclude the method$`,
			}
			require.Len(t, lines, len(wants))
			for i, want := range wants {
				require.Equal(t, zap.WarnLevel, lines[i].Level)
				require.Regexp(t, `^handler: \(\*fxrestate_test\.helpful\)\.`+want, lines[i].ContextMap()["what"])
			}
		})
	}
}

// startLocal runs an application that is not registered until the test ends, and returns
// what it logs.
func startLocal(t *testing.T, opts ...fx.Option) *observer.ObservedLogs {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	app := fx.New(append(opts, fxrestate.Module, fx.Supply(zap.New(core), local()))...)
	require.NoError(t, app.Err())
	require.NoError(t, app.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, app.Stop(context.Background())) })
	return logs
}

func TestAnApplicationThatDoesNotRegisterSaysSo(t *testing.T) {
	t.Parallel()
	const message = "not registered with Restate"
	t.Run("because Register is nil", func(t *testing.T) {
		t.Parallel()
		lines := startLocal(t).FilterMessage(message).All()
		require.Len(t, lines, 1)
		require.Equal(t, "Config.Register is nil; set it, or register the endpoint with the restate command", lines[0].ContextMap()["reason"])
	})
	t.Run("because there is no Config", func(t *testing.T) {
		t.Parallel()
		core, logs := observer.New(zapcore.DebugLevel)
		app := fx.New(fxrestate.Module, fx.Supply(zap.New(core)), fx.NopLogger, fxrestate.ListenOnAFreePort())
		require.NoError(t, app.Err())
		require.NoError(t, app.Start(t.Context()))
		require.NoError(t, app.Stop(context.Background()))
		lines := logs.FilterMessage(message).All()
		require.Len(t, lines, 1)
		require.Equal(t, "there is no fxrestate.Config, so the defaults apply; provide one with Register", lines[0].ContextMap()["reason"])
	})
	t.Run("but not on Lambda", func(t *testing.T) {
		t.Parallel()
		core, logs := observer.New(zapcore.DebugLevel)
		app := fx.New(fxrestate.Module, fx.Supply(zap.New(core), fxrestate.Config{Endpoint: endpoint.Config{Mode: endpoint.Lambda}}), fx.NopLogger)
		require.NoError(t, app.Start(t.Context()))
		require.NoError(t, app.Stop(context.Background()))
		require.Empty(t, logs.FilterMessage(message).All())
	})
}

func TestATypeThatIsProvidedTwiceIsTheOnlyError(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		option fx.Option
		want   string
	}{
		"the constructor of a service beside it": {
			fx.Options(fx.Provide(newMembered), fxrestate.Service[membered](newMembered)),
			`cannot provide fxrestate_test.membered from [0]: already provided by "github.com/fxrestate/go/fxrestate_test".newMembered`,
		},
		"two configurations, one in a module": {
			fx.Options(fx.Supply(local()), fx.Module("m", fx.Supply(local()))), "cannot provide fxrestate.Config from [0]: already provided",
		},
		"Module":             {fxrestate.Module, `already provided by "github.com/fxrestate/go/fxrestate".listModuleOnce`},
		"two configurations": {fx.Options(fx.Supply(local()), fx.Supply(local())), "cannot provide fxrestate.Config from [0]: already provided"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			core, logs := observer.New(zapcore.DebugLevel)
			app := fx.New(tt.option, fxrestate.Module, fx.Supply(zap.New(core)))
			require.ErrorContains(t, app.Err(), tt.want)
			require.NotContains(t, app.Err().Error(), "missing type")
			require.NotContains(t, app.Err().Error(), "appLogger")
			require.Empty(t, logs.FilterMessage("custom logger initialization failed").All())
		})
	}
}

func TestAConfigThatIsDecoratedInAModuleIsNamedAtStart(t *testing.T) {
	t.Parallel()
	change := fx.Decorate(func(cfg fxrestate.Config) fxrestate.Config {
		cfg.Endpoint.MaxInFlight = 7
		return cfg
	})
	keep := fx.Decorate(func(cfg fxrestate.Config) fxrestate.Config { return cfg })
	service := fxrestate.Service[membered](newMembered)
	for name, tt := range map[string]struct {
		option fx.Option
		what   string
	}{
		"around a service":                      {fx.Module("m", change, service), `fxrestate_test\.membered \(silent_test\.go:\d+\); decorate it in fx\.New`},
		"around a definition":                   {fx.Module("m", change, fxrestate.Definition(handMade)), `Definition \(silent_test\.go:\d+\); decorate it in fx\.New`},
		"around a group":                        {fx.Module("m", change, fxrestate.Group(service)), `fxrestate_test\.membered \(silent_test\.go:\d+\); decorate`},
		"around a service, as it was":           {fx.Module("m", keep, service), ""},
		"in fx.New":                             {fx.Options(change, fx.Module("m", service)), ""},
		"nowhere":                               {fx.Module("m", service), ""},
		"where nothing is registered":           {fx.Options(fx.Module("m", change), service), "m"},
		"replaced, where nothing is registered": {fx.Options(fx.Module("m", fx.Replace(fxrestate.Config{})), service), "m"},
		"around another module":                 {fx.Options(fx.Module("m", change, fx.Module("n", fx.Supply(1))), service), "m"},
		"in a module of a module":               {fx.Module("n", fx.Module("m", fx.Decorate(func(fxrestate.Config) fxrestate.Config { return local() }))), "m"},
		"where a function reads it":             {fx.Options(fx.Module("m", keep, fx.Invoke(func(fxrestate.Config) {})), service), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines := startLocal(t, tt.option).FilterMessage("this may be a mistake").All()
			if tt.what == "" {
				require.Empty(t, lines)
				return
			}
			require.Len(t, lines, 1)
			if tt.what == "m" {
				require.Regexp(t, `^fxrestate: the fx\.Module "m" decorates the Config \(silent_test\.go:\d+\), which has no effect on the application; decorate it in fx\.New$`, lines[0].ContextMap()["what"])
				return
			}
			require.Regexp(t, "^fxrestate: an fx.Module decorates the Config, and the application reads another one, also for what is listed in the module: "+tt.what, lines[0].ContextMap()["what"])
		})
	}
}

func TestAConfigOfAllKindsOfValuesIsTheSameInAModule(t *testing.T) {
	t.Parallel()
	cfg := local()
	cfg.Admin.Headers = map[string]string{"a": "b"}
	cfg.Admin.HTTPClient = &http.Client{}
	cfg.Endpoint.Configure = func(*http.Server) {}
	cfg.Defaults = []restate.ServiceDefinitionOption{restate.WithIngressPrivate(true)}
	core, logs := observer.New(zapcore.DebugLevel)
	app := fx.New(fxrestate.Module, fx.Supply(cfg, zap.New(core)), fx.Module("m", fxrestate.Service[membered](newMembered)))
	require.NoError(t, app.Start(t.Context()))
	require.NoError(t, app.Stop(context.Background()))
	require.Empty(t, logs.FilterMessage("this may be a mistake").All())
}
