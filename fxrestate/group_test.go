package fxrestate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"
	"go.uber.org/fx/fxtest"
	"go.uber.org/zap"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/pipeline/httperror"
)

// Services to put into groups.
type (
	inA struct{}
	inB struct{}
)

func (inA) Do(restate.Context) error { return nil }

func (inB) Do(restate.Context) error { return nil }

func serviceA(opts ...restate.ServiceDefinitionOption) fx.Option {
	return fxrestate.Service[inA](func() inA { return inA{} }, append(opts, fxrestate.Name("A"))...)
}

func serviceB(opts ...restate.ServiceDefinitionOption) fx.Option {
	return fxrestate.Service[inB](func() inB { return inB{} }, append(opts, fxrestate.Name("B"))...)
}

func handMadeC() restate.ServiceDefinition {
	return restate.NewService("C").Handler("Do", restate.NewServiceHandler(func(restate.Context, restate.Void) (string, error) { return "", nil }))
}

// guardsOf builds an application and returns the level and name of each guard, by
// service.
func guardsOf(t *testing.T, opts ...fx.Option) map[string][]string {
	t.Helper()
	var e *endpoint.Endpoint
	fxtest.New(t, append(opts, fxrestate.Module, fx.Supply(zap.NewNop()), fx.Populate(&e))...)
	all := map[string][]string{}
	for _, c := range e.Chains() {
		for _, m := range c.Members() {
			if m.Stage == "guard" {
				all[c.String()[:1]] = append(all[c.String()[:1]], m.Level+" "+m.Name)
			}
		}
	}
	return all
}

func useGuard(name string) fx.Option { return fxrestate.Use(fxrestate.Guards(&gate{name})) }

func TestAGroupLimitsUseToItsServices(t *testing.T) {
	t.Parallel()
	group := fxrestate.Group
	definition := func() fx.Option {
		return fxrestate.Definition(handMadeC, fxrestate.Handler("Do", fxrestate.Guards(&gate{"own"})))
	}
	for name, tt := range map[string]struct {
		option fx.Option
		want   map[string][]string
	}{
		"between the application and the service": {
			fx.Options(
				group(useGuard("1"), serviceA(fxrestate.Guards(&gate{"own"})), useGuard("2")),
				serviceB(), definition(), useGuard("all")),
			map[string][]string{
				"A": {"global all", "group 1", "group 2", "service own"},
				"B": {"global all"},
				"C": {"global all", "handler own"},
			},
		},
		"two groups, and a definition in one": {
			fx.Options(group(useGuard("1"), serviceA()), group(useGuard("2"), serviceB(), definition())),
			map[string][]string{"A": {"group 1"}, "B": {"group 2"}, "C": {"group 2", "handler own"}},
		},
		"a group in a group": {
			group(useGuard("1"), serviceA(), group(useGuard("3"), serviceB(), group(useGuard("4"), definition())), useGuard("2")),
			map[string][]string{
				"A": {"group 1", "group 2"}, "B": {"group 1", "group 2", "group 3"},
				"C": {"group 1", "group 2", "group 3", "group 4", "handler own"},
			},
		},
		"modules in a group, and a group in a module": {
			fx.Module("outside", useGuard("all"),
				group(fx.Module("billing", serviceA(), useGuard("1")), fx.Options(serviceB(), useGuard("2"))), definition()),
			map[string][]string{
				"A": {"global all", "group 1", "group 2"}, "B": {"global all", "group 1", "group 2"}, "C": {"global all", "handler own"},
			},
		},
		"nothing attached": {group(serviceA()), map[string][]string{}},
		"without a service of its own, around one": {
			group(useGuard("1"), group(useGuard("2"), serviceA())), map[string][]string{"A": {"group 1", "group 2"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, guardsOf(t, tt.option))
			require.Equal(t, tt.want, guardsOf(t, tt.option), "in a second application")
		})
	}
}

func TestAGroupHasOneInstanceOfEachConstructor(t *testing.T) {
	t.Parallel()
	n := 0
	construct := func(prefix string) *gate { n++; return &gate{prefix + string(rune('a'+n-1))} }
	shared := fxrestate.Guards(construct)
	got := guardsOf(t,
		fx.Module("private", fx.Provide(func() string { return "injected " }, fx.Private),
			fxrestate.Group(fxrestate.Use(shared), serviceA(), serviceB())))
	require.Equal(t, map[string][]string{"A": {"group injected a"}, "B": {"group injected a"}}, got)
	require.Equal(t, 1, n)
}

func TestTheOtherStagesOfAGroupStandBetweenThoseOfApplicationAndService(t *testing.T) {
	t.Parallel()
	type tag string
	var e *endpoint.Endpoint
	filters := func() fxrestate.Attachment { return fxrestate.Filters(httperror.Filter()) }
	fxtest.New(t, fxrestate.Module, fx.Supply(zap.NewNop()), fx.Populate(&e),
		fxrestate.Use(filters()),
		fxrestate.Group(
			fxrestate.Use(filters(), fxrestate.AsTerminalError(mapError), fxrestate.Metadata(tag("outer"))),
			fxrestate.Group(
				fxrestate.Use(fxrestate.DeadLetter(grave.Bury), fxrestate.AsTerminalError(mapError), fxrestate.Metadata(tag("inner"))),
				serviceA(filters()),
				fxrestate.Service[grave](func() grave { return grave{} }),
			)))
	require.Equal(t, []pipeline.Member{
		{Stage: "filter", Level: "service", Name: "httperror.Filter"},
		{Stage: "filter", Level: "group", Name: "httperror.Filter"},
		{Stage: "filter", Level: "global", Name: "httperror.Filter"},
		{Stage: "error mapping", Level: "group", Name: "fxrestate_test.mapError"},
		{Stage: "error mapping", Level: "group", Name: "fxrestate_test.mapError"},
		{Stage: "dead letter", Level: "group", Name: "grave/Bury"},
	}, e.Chains()[0].Members()[1:])
}

func TestMistakesInGroupsAreErrorsOfNewWithTheirPlace(t *testing.T) {
	t.Parallel()
	plainA := fx.Provide(fx.Annotate(
		func() fxrestate.Registration { return fxrestate.NewService(inA{}) }, fx.ResultTags(fxrestate.RegistrationGroup)))
	plainC := fx.Provide(fx.Annotate(handMadeC, fx.ResultTags(fxrestate.DefinitionGroup)))
	for name, tt := range map[string]struct {
		option fx.Option
		line   string
		wants  []string // none: it is no mistake
	}{
		"nothing in it": {fxrestate.Group(), here(), []string{"has no service; list those that it is for, or leave it out"}},
		"no service in it": {
			fxrestate.Group(useGuard("1"), fx.Provide(func() int { return 1 })), here(), []string{"has no service"},
		},
		"a remote service in it alone": {
			fxrestate.Group(useGuard("1"), fxrestate.RemoteService[*remoteRates]()), here(), []string{"has no service"},
		},
		"an empty group in a group": {fxrestate.Group(serviceA(), fxrestate.Group(useGuard("1"))), here(), []string{"has no service"}},
		"an option that is nil":     {fxrestate.Group(serviceA(), nil), here(), []string{"option 2 is nil; leave it out"}},
		"a member that is none": {
			fxrestate.Group(fxrestate.Use(fxrestate.Guards(1)), serviceA()), here(), []string{"int", "is neither a guard nor a constructor of one"},
		},
		"two mistakes at once": {
			fx.Options(fxrestate.Group(fxrestate.Use(fxrestate.Guards(1)), serviceA()), fxrestate.Group()), here(),
			[]string{"is neither a guard", "has no service"},
		},
		"a registration by a provider": {
			fxrestate.Group(useGuard("1"), serviceB(), plainA), here(),
			[]string{"has options that may provide fxrestate_test.inA, which no group can attach to; register it with Service"},
		},
		"a definition by a provider in a module": {
			fxrestate.Group(useGuard("1"), serviceB(), fx.Module("m", plainC)), here(),
			[]string{"has options that may provide the definition of C, which no group can attach to"},
		},
		"a value for each invocation": {
			fx.Options(fxrestate.Group(useGuard("1"), serviceB(), fxrestate.PerInvocation[int](func(context.Context) int { return 1 })), plainA, plainC), "", nil,
		},
		"a registration by a provider beside it": {fx.Options(fxrestate.Group(useGuard("1"), serviceB()), plainA, plainC), "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := fx.New(fxrestate.Module, fx.Supply(zap.NewNop()), fx.NopLogger, tt.option)
			if tt.wants == nil {
				require.NoError(t, app.Err())
				return
			}
			require.ErrorContains(t, app.Err(), "("+tt.line+")")
			for _, want := range tt.wants {
				require.ErrorContains(t, app.Err(), want)
			}
		})
	}
}

func TestAUseThatComesAfterTheServicesWereBuiltIsAnErrorOfNew(t *testing.T) {
	t.Parallel()
	app := fx.New(fxrestate.Module, fx.Supply(zap.NewNop()), fx.NopLogger, serviceA(),
		fx.Module("logged", fx.WithLogger(func(*endpoint.Endpoint) fxevent.Logger { return fxevent.NopLogger })),
		useGuard("late"))
	require.ErrorContains(t, app.Err(), "fxrestate: Use (group_test.go:")
	require.ErrorContains(t, app.Err(), "comes after the services were built")
}

// Options that several applications share carry nothing from one to another, whether
// they are built one after the other or at once.
func TestApplicationsOfOneProcessDoNotInfluenceEachOther(t *testing.T) {
	t.Parallel()
	failure := errors.New("no key")
	shared := fx.Options(
		fxrestate.Use(fxrestate.Guards(func() *gate { return &gate{"shared"} })),
		fxrestate.Group(
			fxrestate.Use(fxrestate.Guards(func(name string) (*gate, error) {
				if name == "" {
					return nil, failure
				}
				return &gate{name}, nil
			})),
			serviceA(fxrestate.Guards(func(name string) *gate { return &gate{"of " + name} })),
		),
	)
	build := func(name string) string {
		var e *endpoint.Endpoint
		app := fx.New(fxrestate.Module, fx.Supply(zap.NewNop(), name), fx.NopLogger, shared, useGuard("last"), fx.Populate(&e))
		if err := app.Err(); err != nil {
			return err.Error()
		}
		return e.Chains()[0].String()
	}
	const wantOf = "A/Do (service)\n" +
		"  observer  global   pipeline.panicLog\n" +
		"  guard     global   shared\n" +
		"  guard     global   last\n" +
		"  guard     group    %\n" +
		"  guard     service  of %\n"
	wrong := build("")
	require.Contains(t, wrong, failure.Error())

	var apps sync.WaitGroup
	for _, name := range []string{"one", "two", "three", "four"} {
		apps.Go(func() {
			assert.Equal(t, strings.ReplaceAll(wantOf, "%", name), build(name))
			assert.Equal(t, wrong, build(""), "what fx says does not depend on earlier applications")
		})
	}
	apps.Wait()
}

// Two services of a support desk share a guard that no other service has.
func ExampleGroup() {
	newTenantGuard := func() pipeline.Guard { return &gate{"tenant"} } // a constructor: fx injects what it takes

	var e *endpoint.Endpoint
	fx.New(
		fxrestate.Module,
		fxrestate.Use(fxrestate.Guards(&gate{"maintenance"})), // all handlers
		fxrestate.Group(
			fxrestate.Use(fxrestate.Guards(newTenantGuard)), // one instance for A and B
			fxrestate.Service[inA](func() inA { return inA{} }, fxrestate.Name("A")),
			fxrestate.Service[inB](func() inB { return inB{} }, fxrestate.Name("B"), fxrestate.Guards(&gate{"own"})),
		),
		fxrestate.Service[*grave](func() *grave { return &grave{} }),
		fx.Supply(zap.NewNop()), fx.NopLogger, fx.Populate(&e),
	)
	for _, chain := range e.Chains() {
		fmt.Print(chain)
	}
	// Output:
	// A/Do (service)
	//   observer  global   pipeline.panicLog
	//   guard     global   maintenance
	//   guard     group    tenant
	// B/Do (service)
	//   observer  global   pipeline.panicLog
	//   guard     global   maintenance
	//   guard     group    tenant
	//   guard     service  own
	// grave/Bury (service)
	//   observer  global   pipeline.panicLog
	//   guard     global   maintenance
}
