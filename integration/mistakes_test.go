package integration_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
)

// The structs below are broken, each in its own way.
type (
	TwoInputs    struct{}
	NoHandlers   struct{}
	MixedKinds   struct{}
	WrongMain    struct{}
	NoMain       struct{}
	PointerOnly  struct{}
	WrongResults struct{}
	WrongTypes   struct{}
)

func (TwoInputs) Add(_ restate.Context, a, b int) (int, error) { return a + b, nil }
func (NoHandlers) Help() string                                { return "" }
func (MixedKinds) A(restate.Context) error                     { return nil }
func (MixedKinds) B(restate.ObjectContext) error               { return nil }
func (WrongMain) Start(restate.WorkflowContext) error          { return nil }
func (NoMain) Query(restate.WorkflowSharedContext) error       { return nil }
func (*PointerOnly) Act(restate.Context) error                 { return nil }
func (WrongTypes) Get(restate.Context, struct{ Meta []map[any]any }) (struct{ Hook func() }, error) {
	panic("it must not start")
}

func (WrongResults) Get(restate.Context) (string, string)              { return "", "" }
func (WrongResults) All(restate.Context) (a string, b string, c error) { return }

// here names the line that it is called on, as errors do.
func here() string {
	_, file, line, _ := runtime.Caller(1)
	return fmt.Sprintf("%s:%d", filepath.Base(file), line)
}

func TestMistakesInHandlerStructsNameTheUsersLineAndTheFix(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		option fx.Option
		line   string
		wants  []string
	}{
		"two inputs": {
			fxrestate.Service[TwoInputs](made(TwoInputs{})), "",
			[]string{"integration_test.TwoInputs.Add (mistakes_test.go:", "takes 2 inputs (int, int), and a handler takes one; put them into a struct"},
		},
		"no handlers": {
			fxrestate.Service[NoHandlers](made(NoHandlers{})), here(),
			[]string{"NoHandlers", "has no handlers; write exported methods that take a restate.Context first"},
		},
		"mixed kinds": {
			fxrestate.Service[MixedKinds](made(MixedKinds{})), "",
			[]string{"MixedKinds.B", "take a restate.Context, or register a virtual object"},
		},
		"a main handler of another name": {
			fxrestate.Workflow[WrongMain](made(WrongMain{})), "",
			[]string{"WrongMain.Start", "the main handler of a workflow is named Run; rename it"},
		},
		"no main handler": {
			fxrestate.Workflow[NoMain](made(NoMain{})), here(),
			[]string{"NoMain", "has no main handler; write Run(ctx restate.WorkflowContext, …)"},
		},
		"a value whose methods hang on the pointer": {
			fxrestate.Service[PointerOnly](made(PointerOnly{})), "",
			[]string{"PointerOnly.Act", "has a pointer receiver", "register *integration_test.PointerOnly"},
		},
		"results": {
			fxrestate.Service[WrongResults](made(WrongResults{})), "",
			[]string{
				"WrongResults.Get", "returns string as its second result, which must be an error",
				"WrongResults.All", "returns 3 results (string, string, error)",
			},
		},
		"types that JSON never encodes": {
			fxrestate.Service[WrongTypes](made(WrongTypes{})), "",
			[]string{
				"WrongTypes.Get (mistakes_test.go:", "its input has a map[interface {}]interface {} in Meta[], whose keys JSON cannot have",
				"its result has a func() in Hook, which cannot be encoded; leave that out with json:\"-\"",
			},
		},
		"the retention of a workflow on a service": {
			fxrestate.Service[*Job](newJob, restate.WithWorkflowRetention(time.Hour)), here(),
			[]string{"*integration_test.Job", "has WithWorkflowRetention, and it is a service; remove the option"},
		},
		"options for a method that is no handler": {
			fxrestate.Service[*Job](newJob, fxrestate.Handler((*Shapes).Help)), here(),
			[]string{"handler option for Help, a method of *integration_test.Shapes; name a method of *integration_test.Job"},
		},
		"options for something else": {
			fxrestate.Service[*Job](newJob, fxrestate.Handler("Plain")), here(),
			[]string{"is not a method expression; write (*T).Method"},
		},
		"a name that the server refuses": {
			fxrestate.Service[*Job](newJob, fxrestate.Name("jobs/daily")), here(),
			[]string{`"jobs/daily" cannot name a service`},
		},
		"a constructor that returns nil": {
			fxrestate.Service[*Job](func() *Job { return nil }), here(),
			[]string{"the constructor returned nil; return a value, or an error with it"},
		},
		"no constructor": {
			fxrestate.Service[*Job](nil), here(),
			[]string{"the constructor is nil; pass the function that returns *integration_test.Job"},
		},
		"an empty registration": {
			fx.Supply(fx.Annotate(fxrestate.Registration{}, fx.ResultTags(fxrestate.RegistrationGroup))), "",
			[]string{"an empty Registration is in the group; make it with NewService, NewObject or NewWorkflow"},
		},
		"a nil definition": {
			fxrestate.Definition(func() restate.ServiceDefinition { return nil }), "",
			[]string{"a constructor given to Definition returned nil; return a definition, or an error with it"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := newError(t, fx.Supply(config()), test.option)
			for _, want := range append(test.wants, test.line) {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func TestConstructorOfAnotherTypeIsAnErrorWithTheUsersLine(t *testing.T) {
	t.Parallel()
	for name, constructor := range map[string]any{
		"another type": NewGateway,
		"no function":  "NewPayments",
		"nothing":      func() {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := newError(t, fx.Supply(config()), fxrestate.Service[*Payments](constructor))
			require.ErrorContains(t, err, "mistakes_test.go")
		})
	}
}

func TestAllMistakesAreReportedTogether(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.Endpoint = endpoint.Config{Addr: "nonsense", MaxInFlight: -1}
	cfg.Register.URL = "ftp://localhost"
	same := unique("same")
	job, line := fxrestate.Service[*Job](newJob, fxrestate.Name(same)), here()
	err := newError(t, fx.Supply(cfg),
		fxrestate.Service[TwoInputs](made(TwoInputs{})),
		job,
		fxrestate.Object[Depot](made(Depot{}), fxrestate.Name(same)),
		fx.Module("elsewhere", fxrestate.Workflow[NoMain](made(NoMain{}))),
		fxrestate.Definition(func() restate.ServiceDefinition { return restate.NewService(same) }),
		fx.Provide(fx.Annotate(
			func() fxrestate.Registration { return fxrestate.NewService(NoHandlers{}) },
			fx.ResultTags(fxrestate.RegistrationGroup),
		)),
	)
	for _, want := range []string{
		`Addr is "nonsense"`,
		"MaxInFlight is -1",
		`URL "ftp://localhost"`,
		"TwoInputs.Add",
		"NoMain",
		"NoHandlers",
		fmt.Sprintf("is named %q, as ", same),
		line, // of one of the services with one name
	} {
		require.ErrorContains(t, err, want)
	}
	require.Equal(t, 2, strings.Count(err.Error(), fmt.Sprintf("is named %q", same)), "three services have one name")
	require.False(t, known(t, same))
}

func TestMistakesInConstructorsAreReportedWithTheOthers(t *testing.T) {
	t.Parallel()
	err := newError(t, fx.Supply(config()),
		fxrestate.Service[TwoInputs](made(TwoInputs{})),
		fxrestate.Service[*Job](nil),
		fxrestate.PerInvocation[*Gateway]("no function"),
	)
	require.ErrorContains(t, err, "TwoInputs.Add")
	require.ErrorContains(t, err, "the constructor is nil; pass the function that returns *integration_test.Job")
	require.ErrorContains(t, err, "PerInvocation[*integration_test.Gateway]")
}

func TestMistakesAreReportedBeforeAnInstanceCannotBeConstructed(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]fx.Option{
		"a dependency is missing": fxrestate.Service[*Payments](NewPayments),
		"a constructor fails": fxrestate.Service[*Payments](func() (*Payments, error) {
			return nil, errors.New("the terminal is broken")
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := config()
			cfg.Endpoint.MaxInFlight = -1
			same := unique("same")
			err := newError(t, fx.Supply(cfg),
				broken,
				fxrestate.Service[TwoInputs](made(TwoInputs{}), fxrestate.Guards(42)),
				fxrestate.Service[*Job](newJob, fxrestate.Name(same)),
				fxrestate.Object[Depot](made(Depot{}), fxrestate.Name(same)),
				fxrestate.PerInvocation[*Gateway]("no function"),
			)
			for _, want := range []string{
				"MaxInFlight is -1", "TwoInputs.Add", "is neither a guard", fmt.Sprintf("is named %q", same), "PerInvocation[*integration_test.Gateway]",
			} {
				require.ErrorContains(t, err, want)
			}
			// Fx stops at the first error: what is wrong with the graph comes after.
			require.NotContains(t, err.Error(), "Payments")
		})
	}
}

func TestMistakeOfAServiceWithoutConstructorIsTheOnlyOne(t *testing.T) {
	t.Parallel()
	err := newError(t, fx.Supply(config()),
		fxrestate.Service[*PipeGraves](nil, fxrestate.Guards(func() *pipeGuard { return &pipeGuard{} })),
		fxrestate.Use(fxrestate.DeadLetter((*PipeGraves).Bury)),
	)
	require.ErrorContains(t, err, "the constructor is nil; pass the function that returns *integration_test.PipeGraves")
	require.Equal(t, 1, strings.Count(err.Error(), "mistakes_test.go:"), err.Error())
}

func TestFxVisualizesAMistake(t *testing.T) {
	t.Parallel()
	var hook errorHook
	option, line := fxrestate.Service[NoHandlers](made(NoHandlers{})), here()
	err := newError(t, fx.Supply(config()), option, fx.ErrorHook(&hook))
	require.ErrorContains(t, err, line)
	require.ErrorContains(t, hook.err, line)
	dot, err := fx.VisualizeError(hook.err)
	require.NoError(t, err)
	require.Contains(t, dot, `"*fxrestate.plan" [color=red]`)
}

func TestNoMistakePanics(t *testing.T) {
	t.Parallel()
	var nothing *Job
	for name, option := range map[string]func() fx.Option{
		"an interface":           func() fx.Option { return fxrestate.Service[error](func() error { return nil }) },
		"a number":               func() fx.Option { return fxrestate.Service[int](made(1)) },
		"a pointer to a pointer": func() fx.Option { return fxrestate.Service[**Job](made(&nothing)) },
		"a function type":        func() fx.Option { return fxrestate.Service[func()](made(func() {})) },
		"a nameless struct":      func() fx.Option { return fxrestate.Service[struct{ *Job }](made(struct{ *Job }{newJob()})) },
		"no method":              func() fx.Option { return fxrestate.Service[*Job](newJob, fxrestate.Handler(nil)) },
		"a bound method":         func() fx.Option { return fxrestate.Service[*Job](newJob, fxrestate.Handler(newJob().Plain)) },
		"nothing excluded":       func() fx.Option { return fxrestate.Service[*Job](newJob, fxrestate.Exclude(nil)) },
		"all excluded": func() fx.Option {
			return fxrestate.Service[*Job](newJob, fxrestate.Exclude((*Job).Plain, (*Job).Special))
		},
		"empty handler names": func() fx.Option {
			return fxrestate.Service[*Job](newJob, fxrestate.Naming(func(string) string { return "" }))
		},
		"the same handler names": func() fx.Option {
			return fxrestate.Service[*Job](newJob, fxrestate.Naming(func(string) string { return "x" }))
		},
		"the same service twice": func() fx.Option {
			return fx.Options(fxrestate.Service[*Job](newJob), fxrestate.Service[*Job](newJob))
		},
		"a nil definition constructor": func() fx.Option { return fxrestate.Definition(nil) },
		"a definition of nothing":      func() fx.Option { return fxrestate.Definition(func() {}) },
		"a nil in the defaults": func() fx.Option {
			cfg := config()
			cfg.Defaults = []restate.ServiceDefinitionOption{nil}
			return fx.Options(fx.Replace(cfg), fxrestate.Service[*Job](newJob))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NotPanics(t, func() { newError(t, fx.Supply(config()), option()) })
		})
	}
}
