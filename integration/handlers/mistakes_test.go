package handlers_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/integration/internal/sample"
	"github.com/fxrestate/go/internal/testkit"
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

func TestMistakesInHandlerStructsNameTheUsersLineAndTheFix(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		option fx.Option
		line   string
		wants  []string
	}{
		"two inputs": {
			fxrestate.Service[TwoInputs](testkit.Made(TwoInputs{})), "",
			[]string{"handlers_test.TwoInputs.Add (mistakes_test.go:", "takes 2 inputs (int, int), and a handler takes one; put them into a struct"},
		},
		"no handlers": {
			fxrestate.Service[NoHandlers](testkit.Made(NoHandlers{})), testkit.Here(),
			[]string{"NoHandlers", "has no handlers; write exported methods that take a restate.Context first"},
		},
		"mixed kinds": {
			fxrestate.Service[MixedKinds](testkit.Made(MixedKinds{})), "",
			[]string{"MixedKinds.B", "take a restate.Context, or register a virtual object"},
		},
		"a main handler of another name": {
			fxrestate.Workflow[WrongMain](testkit.Made(WrongMain{})), "",
			[]string{"WrongMain.Start", "the main handler of a workflow is named Run; rename it"},
		},
		"no main handler": {
			fxrestate.Workflow[NoMain](testkit.Made(NoMain{})), testkit.Here(),
			[]string{"NoMain", "has no main handler; write Run(ctx restate.WorkflowContext, …)"},
		},
		"a value whose methods hang on the pointer": {
			fxrestate.Service[PointerOnly](testkit.Made(PointerOnly{})), "",
			[]string{"PointerOnly.Act", "has a pointer receiver", "register *handlers_test.PointerOnly"},
		},
		"results": {
			fxrestate.Service[WrongResults](testkit.Made(WrongResults{})), "",
			[]string{
				"WrongResults.Get", "returns string as its second result, which must be an error",
				"WrongResults.All", "returns 3 results (string, string, error)",
			},
		},
		"types that JSON never encodes": {
			fxrestate.Service[WrongTypes](testkit.Made(WrongTypes{})), "",
			[]string{
				"WrongTypes.Get (mistakes_test.go:", "its input has a map[interface {}]interface {} in Meta[], whose keys JSON cannot have",
				"its result has a func() in Hook, which cannot be encoded; leave that out with json:\"-\"",
			},
		},
		"the retention of a workflow on a service": {
			fxrestate.Service[*sample.Job](sample.NewJob, restate.WithWorkflowRetention(time.Hour)), testkit.Here(),
			[]string{"*sample.Job", "has WithWorkflowRetention, and it is a service; remove the option"},
		},
		"options for a method that is no handler": {
			fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Handler((*Shapes).Help)), testkit.Here(),
			[]string{"handler option for Help, a method of *handlers_test.Shapes; name a method of *sample.Job"},
		},
		"options for something else": {
			fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Handler("Plain")), testkit.Here(),
			[]string{"is not a method expression; write (*T).Method"},
		},
		"a name that the server refuses": {
			fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name("jobs/daily")), testkit.Here(),
			[]string{`"jobs/daily" cannot name a service`},
		},
		"a constructor that returns nil": {
			fxrestate.Service[*sample.Job](func() *sample.Job { return nil }), testkit.Here(),
			[]string{"the constructor returned nil; return a value, or an error with it"},
		},
		"no constructor": {
			fxrestate.Service[*sample.Job](nil), testkit.Here(),
			[]string{"the constructor is nil; pass the function that returns *sample.Job"},
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
			err := testkit.NewError(t, fx.Supply(testkit.Config()), test.option)
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
			err := testkit.NewError(t, fx.Supply(testkit.Config()), fxrestate.Service[*Payments](constructor))
			require.ErrorContains(t, err, "mistakes_test.go")
		})
	}
}

func TestAllMistakesAreReportedTogether(t *testing.T) {
	t.Parallel()
	cfg := testkit.Config()
	cfg.Endpoint = endpoint.Config{Addr: "nonsense", MaxInFlight: -1}
	cfg.Register.URL = "ftp://localhost"
	same := testkit.Unique("same")
	job, line := fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(same)), testkit.Here()
	err := testkit.NewError(t, fx.Supply(cfg),
		fxrestate.Service[TwoInputs](testkit.Made(TwoInputs{})),
		job,
		fxrestate.Object[sample.Depot](testkit.Made(sample.Depot{}), fxrestate.Name(same)),
		fx.Module("elsewhere", fxrestate.Workflow[NoMain](testkit.Made(NoMain{}))),
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
		t.Run(want, func(t *testing.T) {
			require.ErrorContains(t, err, want)
		})
	}
	require.Equal(t, 2, strings.Count(err.Error(), fmt.Sprintf("is named %q", same)), "three services have one name")
	require.False(t, testkit.Known(t, same))
}

func TestMistakesInConstructorsAreReportedWithTheOthers(t *testing.T) {
	t.Parallel()
	err := testkit.NewError(t, fx.Supply(testkit.Config()),
		fxrestate.Service[TwoInputs](testkit.Made(TwoInputs{})),
		fxrestate.Service[*sample.Job](nil),
		fxrestate.PerInvocation[*Gateway]("no function"),
	)
	require.ErrorContains(t, err, "TwoInputs.Add")
	require.ErrorContains(t, err, "the constructor is nil; pass the function that returns *sample.Job")
	require.ErrorContains(t, err, "PerInvocation[*handlers_test.Gateway]")
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
			cfg := testkit.Config()
			cfg.Endpoint.MaxInFlight = -1
			same := testkit.Unique("same")
			err := testkit.NewError(t, fx.Supply(cfg),
				broken,
				fxrestate.Service[TwoInputs](testkit.Made(TwoInputs{}), fxrestate.Guards(42)),
				fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(same)),
				fxrestate.Object[sample.Depot](testkit.Made(sample.Depot{}), fxrestate.Name(same)),
				fxrestate.PerInvocation[*Gateway]("no function"),
			)
			for _, want := range []string{
				"MaxInFlight is -1", "TwoInputs.Add", "is neither a guard", fmt.Sprintf("is named %q", same), "PerInvocation[*handlers_test.Gateway]",
			} {
				t.Run(want, func(t *testing.T) {
					require.ErrorContains(t, err, want)
				})
			}
			// Fx stops at the first error: what is wrong with the graph comes after.
			require.NotContains(t, err.Error(), "Payments")
		})
	}
}

func TestFxVisualizesAMistake(t *testing.T) {
	t.Parallel()
	var hook errorHook
	option, line := fxrestate.Service[NoHandlers](testkit.Made(NoHandlers{})), testkit.Here()
	err := testkit.NewError(t, fx.Supply(testkit.Config()), option, fx.ErrorHook(&hook))
	require.ErrorContains(t, err, line)
	require.ErrorContains(t, hook.err, line)
	dot, err := fx.VisualizeError(hook.err)
	require.NoError(t, err)
	require.Contains(t, dot, `"*fxrestate.plan" [color=red]`)
}

func TestNoMistakePanics(t *testing.T) {
	t.Parallel()
	var nothing *sample.Job
	for name, option := range map[string]func() fx.Option{
		"an interface":           func() fx.Option { return fxrestate.Service[error](func() error { return nil }) },
		"a number":               func() fx.Option { return fxrestate.Service[int](testkit.Made(1)) },
		"a pointer to a pointer": func() fx.Option { return fxrestate.Service[**sample.Job](testkit.Made(&nothing)) },
		"a function type":        func() fx.Option { return fxrestate.Service[func()](testkit.Made(func() {})) },
		"a nameless struct": func() fx.Option {
			return fxrestate.Service[struct{ *sample.Job }](testkit.Made(struct{ *sample.Job }{sample.NewJob()}))
		},
		"no method": func() fx.Option { return fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Handler(nil)) },
		"a bound method": func() fx.Option {
			return fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Handler(sample.NewJob().Plain))
		},
		"nothing excluded": func() fx.Option { return fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Exclude(nil)) },
		"all excluded": func() fx.Option {
			return fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Exclude((*sample.Job).Plain, (*sample.Job).Special))
		},
		"empty handler names": func() fx.Option {
			return fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Naming(func(string) string { return "" }))
		},
		"the same handler names": func() fx.Option {
			return fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Naming(func(string) string { return "x" }))
		},
		"the same service twice": func() fx.Option {
			return fx.Options(fxrestate.Service[*sample.Job](sample.NewJob), fxrestate.Service[*sample.Job](sample.NewJob))
		},
		"a nil definition constructor": func() fx.Option { return fxrestate.Definition(nil) },
		"a definition of nothing":      func() fx.Option { return fxrestate.Definition(func() {}) },
		"a nil in the defaults": func() fx.Option {
			cfg := testkit.Config()
			cfg.Defaults = []restate.ServiceDefinitionOption{nil}
			return fx.Options(fx.Replace(cfg), fxrestate.Service[*sample.Job](sample.NewJob))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NotPanics(t, func() { testkit.NewError(t, fx.Supply(testkit.Config()), option()) })
		})
	}
}
