package pipeline_test

import (
	"context"
	"strings"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/pipeline/fault"
	"github.com/fxrestate/go/pipeline/steptimeout"
)

// PipeGraves are handlers that could get letters.
type (
	PipeGraves      struct{}
	PipeGraveObject struct{}
	PipeGraveless   struct{}
)

func (*PipeGraves) Bury(restate.Context, pipeline.Letter) error            { return nil }
func (*PipeGraves) Flowers(restate.Context, string) error                  { return nil }
func (*PipeGraves) Visit() error                                           { return nil }
func (*PipeGraveObject) Bury(restate.ObjectContext, pipeline.Letter) error { return nil }
func (*PipeGraveless) Bury(restate.Context, pipeline.Letter) error         { return nil }

func pipeMapping(err error) restate.TerminalError { return restate.ToTerminalError(err) }

func pipeEcho(opts ...restate.ServiceDefinitionOption) fx.Option {
	return fxrestate.Service[*PipeEcho](func() *PipeEcho { return &PipeEcho{} }, append(opts, fxrestate.Name("pipe-mistakes"))...)
}

func TestMistakesOfMembersNameTheUsersLineAndTheFix(t *testing.T) {
	t.Parallel()
	var (
		noGuard    func(context.Context, *pipeline.Invocation) (bool, error)
		newNoGuard func() pipeline.Guard
	)
	type mistake struct {
		option fx.Option
		line   string
		wants  []string
	}
	graves := func(a fxrestate.Attachment) fx.Option {
		return fx.Options(
			fxrestate.Service[*PipeGraves](func() *PipeGraves { return &PipeGraves{} }, fxrestate.Name("pipe-graves")),
			fxrestate.Object[*PipeGraveObject](func() *PipeGraveObject { return &PipeGraveObject{} }, fxrestate.Name("pipe-grave")),
			fxrestate.Use(a))
	}
	for name, tt := range map[string]mistake{
		"a number": {
			fxrestate.Use(fxrestate.Guards(42)), testkit.Here(),
			[]string{"int", "is neither a guard nor a constructor of one; it must be a pipeline.Guard or a function that returns one"},
		},
		"nothing": {
			fxrestate.Use(fxrestate.Interceptors(nil)), testkit.Here(), []string{"nil", "is neither an interceptor nor a constructor of one"},
		},
		"a nil function": {
			fxrestate.Use(fxrestate.Guards(noGuard)), testkit.Here(), []string{"guard", "nil"},
		},
		"a nil adapter": {
			fxrestate.Use(fxrestate.Guards(pipeline.GuardFunc(nil))), testkit.Here(), []string{"guard", "nil"},
		},
		"a nil constructor": {
			pipeEcho(fxrestate.Guards(newNoGuard)), testkit.Here(), []string{"guard", "nil"},
		},
		"a function of another form": {
			pipeEcho(fxrestate.Pipes(func(string) string { return "" })), testkit.Here(),
			[]string{"func(string) string", "is neither a pipe nor a constructor of one; it must return a pipeline.Pipe, or one and an error"},
		},
		"a durable guard as it is": {
			pipeEcho(fxrestate.Guards(pipeline.DurableGuardFunc(func(restate.Context, *pipeline.Invocation) (bool, error) { return true, nil }))), testkit.Here(),
			[]string{"pipeline.DurableGuardFunc", "is neither a guard nor a constructor of one; declare a durable guard with pipeline.Durable"},
		},
		"a durable guard that is nothing": {
			pipeEcho(fxrestate.Guards(pipeline.Durable(nil))), testkit.Here(), []string{"a guard", "is pipeline.Durable of a guard that is nil"},
		},
		"a nil pointer": {
			pipeEcho(fxrestate.Guards((*pipeGuard)(nil))), testkit.Here(), []string{"a guard", "is nil"},
		},
		"no time": {
			fxrestate.Use(fxrestate.StepInterceptors(steptimeout.New(0))), testkit.Here(), []string{"steptimeout.New(0s), whose time must be positive"},
		},
		"a rate that is no share": {
			pipeEcho(fxrestate.Handler((*PipeEcho).Echo, fxrestate.Interceptors(func() pipeline.Interceptor { return &fault.Injector{Rate: 40} }))), testkit.Here(),
			[]string{"an interceptor", "with the rate 40, which must be from 0 to 1"},
		},
		"a constructor of nothing": {
			pipeEcho(fxrestate.Handler((*PipeEcho).Echo, fxrestate.Filters(func() {}))), testkit.Here(), []string{"filter"},
		},
		"a constructor that returns nil": {
			pipeEcho(fxrestate.Guards(func() pipeline.Guard { return nil })), testkit.Here(),
			[]string{"the constructor of a guard", "returned nil; return a value, or an error with it"},
		},
		"a constructor that returns a nil pointer": {
			pipeEcho(fxrestate.Guards(func() *pipeGuard { return nil })), testkit.Here(), []string{"the constructor of a guard", "returned nil"},
		},
		"a constructor that returns a nil function": {
			pipeEcho(fxrestate.Guards(func() pipeline.GuardFunc { return nil })), testkit.Here(), []string{"the constructor of a guard", "returned nil"},
		},
		"a second mapping": {
			fxrestate.Use(fxrestate.AsTerminalError(pipeMapping), fxrestate.AsTerminalError(pipeMapping)), testkit.Here(),
			[]string{"a second AsTerminalError at one level; let one function map all errors"},
		},
		"a second mapping of a service": {
			pipeEcho(fxrestate.AsTerminalError(pipeMapping), fxrestate.AsTerminalError(pipeMapping)), testkit.Here(), []string{"a second AsTerminalError"},
		},
		"a mapping that is nil": {
			fxrestate.Use(fxrestate.AsTerminalError(nil)), testkit.Here(), []string{"AsTerminalError", "nil"},
		},
		"a dead letter to nobody": {
			fxrestate.Use(fxrestate.DeadLetter(nil)), testkit.Here(), []string{"DeadLetter", "nil"},
		},
		"a dead letter to what is no method": {
			graves(fxrestate.DeadLetter(pipeMapping)), testkit.Here(), []string{"DeadLetter", "method expression"},
		},
		"a dead letter to what is no handler": {
			graves(fxrestate.DeadLetter((*PipeGraves).Visit)), testkit.Here(), []string{"DeadLetter", "Visit"},
		},
		"a dead letter to an object": {
			graves(fxrestate.DeadLetter((*PipeGraveObject).Bury)), testkit.Here(),
			[]string{"DeadLetter: pipe-grave/Bury is a handler of a virtual object; name a handler of a service"},
		},
		"a dead letter to a handler of another input": {
			graves(fxrestate.DeadLetter((*PipeGraves).Flowers)), testkit.Here(), []string{"DeadLetter: pipe-graves/Flowers takes no pipeline.Letter; let it take one"},
		},
		"a dead letter to a service that is not there": {
			graves(fxrestate.DeadLetter((*PipeGraveless).Bury)), testkit.Here(), []string{"DeadLetter: *pipeline_test.PipeGraveless is not a service of this application; register it with fxrestate.Service"},
		},
		"constructors of a registration without the graph": {
			fx.Provide(fx.Annotate(func() fxrestate.Registration {
				return fxrestate.NewService(&PipeEcho{}, fxrestate.Guards(newPipeGuard))
			}, fx.ResultTags(fxrestate.RegistrationGroup))), "mistakes_test.go:",
			[]string{"the constructor of a guard", "is not in the graph; use Service, Object or Workflow, or give a value"},
		},
		"a constructor whose dependency is not there": {
			pipeEcho(fxrestate.Guards(func(*PipeAbsent) *pipeGuard { return &pipeGuard{} })), testkit.Here(),
			[]string{"PipeAbsent", "missing"},
		},
		"a constructor that fails": {
			pipeEcho(fxrestate.Guards(func() (*pipeGuard, error) { return nil, errUnlucky })), testkit.Here(), []string{"unlucky"},
		},
		"an attachment among the defaults": {
			fx.Supply(fxrestate.Config{Defaults: []restate.ServiceDefinitionOption{fxrestate.Guards(noGuard)}}), testkit.Here(), []string{"Defaults", "Use"},
		},
		"an attachment to a definition of the SDK's": {
			fxrestate.Definition(func() restate.ServiceDefinition {
				return restate.NewService("pipe-foreign", fxrestate.Guards(pipeNote(nil, ""))).
					Handler("Do", restate.NewServiceHandler(func(restate.Context, string) (string, error) { return "", nil }))
			}), "mistakes_test.go:", []string{"pipe-foreign", "Use"},
		},
		"an attachment to a handler of the SDK's": {
			fxrestate.Definition(func() restate.ServiceDefinition {
				return restate.NewService("pipe-foreign").
					Handler("Do", restate.NewServiceHandler(func(restate.Context, string) (string, error) { return "", nil }, fxrestate.Guards(pipeNote(nil, ""))))
			}), "mistakes_test.go:", []string{"pipe-foreign/Do", "Use"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := testkit.NewError(t, tt.option)
			t.Log(err)
			require.ErrorContains(t, err, tt.line)
			for _, want := range tt.wants {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

// PipeTwoInputs is broken itself.
type PipeTwoInputs struct{}

func (PipeTwoInputs) Add(_ restate.Context, a, b int) (int, error) { return a + b, nil }

func TestMistakesAreReportedTogether(t *testing.T) {
	t.Parallel()
	err := testkit.NewError(t,
		fxrestate.Use(fxrestate.Guards("a"), fxrestate.AsTerminalError(pipeMapping), fxrestate.AsTerminalError(pipeMapping)),
		fxrestate.Use(fxrestate.DeadLetter((*PipeGraves).Flowers)),
		fxrestate.Service[*PipeGraves](func() *PipeGraves { return &PipeGraves{} }, fxrestate.Name("pipe-together"),
			fxrestate.Interceptors(1.5),
			fxrestate.Handler((*PipeGraves).Bury, fxrestate.Pipes(func() pipeline.Pipe { return nil })),
			fxrestate.Handler((*PipeGraves).Visit, fxrestate.Pipes(true))),
		fxrestate.Service[PipeTwoInputs](testkit.Made(PipeTwoInputs{}), fxrestate.Filters(struct{}{}), fxrestate.Handler(PipeTwoInputs.Add, fxrestate.Observers('x'))),
	)
	t.Log(err)
	for _, want := range []string{
		"string (mistakes_test.go:", "a second AsTerminalError", "takes no pipeline.Letter",
		"float64 (mistakes_test.go:", "constructor of a pipe", "PipeGraves).Visit", "bool (mistakes_test.go:",
		"takes 2 inputs", "struct {} (mistakes_test.go:", "int32 (mistakes_test.go:",
	} {
		t.Run(want, func(t *testing.T) {
			require.ErrorContains(t, err, want)
		})
	}
}

func TestASecondDeadLetterAtOneLevelIsAMistake(t *testing.T) {
	t.Parallel()
	err := testkit.NewError(t,
		fxrestate.Service[*PipeGraves](func() *PipeGraves { return &PipeGraves{} }, fxrestate.Name("pipe-graves")),
		fxrestate.Use(fxrestate.DeadLetter((*PipeGraves).Bury)),
		fxrestate.Use(fxrestate.DeadLetter((*PipeGraves).Bury)))
	require.ErrorContains(t, err, "a second DeadLetter at one level; send the letters to one handler (mistakes_test.go:")
}

func TestMistakeOfAServiceWithoutConstructorIsTheOnlyOne(t *testing.T) {
	t.Parallel()
	err := testkit.NewError(t, fx.Supply(testkit.Config()),
		fxrestate.Service[*PipeGraves](nil, fxrestate.Guards(func() *pipeGuard { return &pipeGuard{} })),
		fxrestate.Use(fxrestate.DeadLetter((*PipeGraves).Bury)),
	)
	require.ErrorContains(t, err, "the constructor is nil; pass the function that returns *pipeline_test.PipeGraves")
	require.Equal(t, 1, strings.Count(err.Error(), "mistakes_test.go:"), err.Error())
}
