package fxrestate_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/pipeline/httperror"
)

// handMade is a definition with the handlers of membered.
func handMade() restate.ServiceDefinition {
	do := func(restate.Context, restate.Void) (string, error) { return "", nil }
	return restate.NewService("hand-made").
		Handler("Do", restate.NewServiceHandler(do)).
		Handler("Other", restate.NewServiceHandler(do))
}

func TestADefinitionHasStagesOfAllLevels(t *testing.T) {
	t.Parallel()
	got := chains(t,
		fx.Supply("injected"),
		fxrestate.Use(fxrestate.Guards(&gate{"global"})),
		fxrestate.Definition(handMade,
			fxrestate.Handler("Do",
				fxrestate.Guards(func(name string) *gate { return &gate{name} }),
				fxrestate.AsTerminalError(mapError)),
			fxrestate.Guards(&gate{"first"}, func() *gate { return &gate{"second"} }),
			fxrestate.Handler("Other", fxrestate.Filters(httperror.Filter())),
		))
	require.Equal(t, []pipeline.Member{
		{Stage: "guard", Level: "global", Name: "global"},
		{Stage: "guard", Level: "service", Name: "first"},
		{Stage: "guard", Level: "service", Name: "second"},
		{Stage: "guard", Level: "handler", Name: "injected"},
		{Stage: "error mapping", Level: "handler", Name: "fxrestate_test.mapError"},
	}, got["Do"])
	require.Equal(t, []pipeline.Member{
		{Stage: "guard", Level: "global", Name: "global"},
		{Stage: "guard", Level: "service", Name: "first"},
		{Stage: "guard", Level: "service", Name: "second"},
		{Stage: "filter", Level: "handler", Name: "httperror.Filter"},
	}, got["Other"])
}

func TestADefinitionMayBeAResultAmongOthers(t *testing.T) {
	t.Parallel()
	type results struct {
		fx.Out

		Definition restate.ServiceDefinition
		Name       string
	}
	got := chains(t,
		fxrestate.Definition(func() (results, error) { return results{Definition: handMade()}, nil }, fxrestate.Guards(&gate{"a"})))
	require.Len(t, got["Do"], 1)
	got = chains(t,
		fxrestate.Definition(fx.Annotate(handMade, fx.As(new(restate.ServiceDefinition))), fxrestate.Guards(&gate{"a"})))
	require.Len(t, got["Do"], 1)
}

func TestADefinitionMayBeAValue(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]fx.Option{
		"of the call":  fxrestate.Definition(handMade(), fxrestate.Guards(&gate{"a"})),
		"of the graph": fx.Options(fx.Provide(handMade), fxrestate.Definition(fxrestate.Provided[restate.ServiceDefinition](), fxrestate.Guards(&gate{"a"}))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := chains(t, option)
			require.Len(t, got["Do"], 1)
			require.Equal(t, "a", got["Do"][0].Name)
		})
	}
}

func TestADefinitionThatTwoApplicationsShareHasTheStagesOfEach(t *testing.T) {
	t.Parallel()
	shared := handMade()
	definition := fxrestate.Definition(func() restate.ServiceDefinition { return shared }, fxrestate.Guards(&gate{"its own"}))
	for _, name := range []string{"one", "two"} {
		got := chains(t, definition, fxrestate.Use(fxrestate.Guards(&gate{name})))
		require.Len(t, got["Do"], 2)
		require.Equal(t, name, got["Do"][0].Name)
	}
}

// here names the line that it is called on, as errors do.
func here() string {
	_, file, line, _ := runtime.Caller(1)
	return fmt.Sprintf("%s:%d", filepath.Base(file), line)
}

// parameterTaker is reflected by the SDK, which binds nothing.
type parameterTaker struct{}

func (parameterTaker) Do(restate.Context, struct {
	handler.In

	Tenant string `header:"x-tenant"`
},
) error {
	return nil
}

func TestMistakesInDefinitionsNameTheUsersLine(t *testing.T) {
	t.Parallel()
	guards := fxrestate.Guards(&gate{"a"})
	var none func() restate.ServiceDefinition
	for name, tt := range map[string]struct {
		option fx.Option
		line   string
		wants  []string
	}{
		"no constructor": {
			fxrestate.Definition(nil), here(), []string{"Definition (", "the constructor is nil; pass the function that returns restate.ServiceDefinition"},
		},
		"a constructor that is nil": {fxrestate.Definition(none), here(), []string{"the constructor is nil"}},
		"something else":            {fxrestate.Definition(1), here(), []string{"the constructor is a int; pass the function that returns restate.ServiceDefinition"}},
		"an instance of something else": {
			fxrestate.Definition(fxrestate.Provided[membered]()), here(),
			[]string{"the constructor is Provided[fxrestate_test.membered](); write Provided[restate.ServiceDefinition]()"},
		},
		"a constructor of something else": {
			fxrestate.Definition(newMembered), here(), []string{"does not return restate.ServiceDefinition"},
		},
		"a nil definition": {
			fxrestate.Definition(func() restate.ServiceDefinition { return nil }), here(),
			[]string{"a constructor given to Definition returned nil; return a definition, or an error with it"},
		},
		"an unknown handler": {
			fxrestate.Definition(handMade, fxrestate.Handler("Undo", guards)), here(),
			[]string{`the definition of hand-made has no handler "Undo"; name one of Do, Other`},
		},
		"a handler by a method expression": {
			fxrestate.Definition(handMade, fxrestate.Handler(membered.Do, guards)), here(),
			[]string{"names a handler of the definition of hand-made by a func(fxrestate_test.membered, restate.Context) error; name it by a string"},
		},
		"a handler twice": {
			fxrestate.Definition(handMade, fxrestate.Handler("Do", guards), fxrestate.Handler("Do", guards)), here(),
			[]string{"hand-made/Do has attachments twice; write them in one place"},
		},
		"a handler with options of the SDK": {
			fxrestate.Definition(handMade, fxrestate.Handler("Do", restate.WithIngressPrivate(true))), here(),
			[]string{"Handler(Do) has options other than attachments"},
		},
		"a handler with a name": {
			fxrestate.Definition(handMade, fxrestate.Handler("Do", fxrestate.HandlerName("do"))), here(),
			[]string{"Handler(Do) has options other than attachments"},
		},
		"a name": {
			fxrestate.Definition(handMade, fxrestate.Name("other")), here(), []string{"which a definition does not take; set it where the definition is built"},
		},
		"an option of the SDK": {
			fxrestate.Definition(handMade, restate.WithIngressPrivate(true)), here(), []string{"an option of the SDK, which has no effect here"},
		},
		"an option that is nil": {fxrestate.Definition(handMade, nil), here(), []string{"an option that is nil; leave it out"}},
		"a member that is none": {
			fxrestate.Definition(handMade, fxrestate.Guards(1)), here(), []string{"int", "is neither a guard nor a constructor of one"},
		},
		"a name that a service has": {
			fx.Options(
				fxrestate.Service[membered](newMembered, fxrestate.Name("hand-made")),
				fxrestate.Definition(handMade)), "definition_test.go:",
			[]string{`is named "hand-made", as `},
		},
		"a name that another definition has": {
			fx.Options(fxrestate.Definition(handMade), fxrestate.Definition(handMade)), here(),
			[]string{`*restate.service (definition_test.go:`, `is named "hand-made", as *restate.service (definition_test.go:`},
		},
		"an option of ours inside": {
			fxrestate.Definition(func() restate.ServiceDefinition { return restate.NewService("inside", fxrestate.Name("other")) }), here(),
			[]string{"the definition of inside has an option of package fxrestate"},
		},
		"an option of ours inside a handler": {
			fxrestate.Definition(func() restate.ServiceDefinition {
				return restate.NewService("inside").Handler("Do", restate.NewServiceHandler(
					func(restate.Context, string) (string, error) { return "", nil }, fxrestate.HandlerName("other")))
			}), "definition_test.go:", []string{"the definition of inside/Do has an option of package fxrestate"},
		},
		"a parameter object": {
			fxrestate.Definition(func() restate.ServiceDefinition { return restate.Reflect(parameterTaker{}) }), here(),
			[]string{"parameterTaker/Do takes a struct { handler.In; ", "with a handler.In whose tags nothing reads here"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := fx.New(fxrestate.Module, fx.Supply(zap.NewNop()), fx.NopLogger, tt.option)
			require.ErrorContains(t, app.Err(), tt.line)
			for _, want := range tt.wants {
				require.ErrorContains(t, app.Err(), want)
			}
		})
	}
}
