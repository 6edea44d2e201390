package pipeline_test

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/pipeline/httperror"
	"github.com/fxrestate/go/rpc"
)

// of returns the lines of one stage, without those that another attempt repeats.
func (t *PipeTrail) of(stage string) []string {
	var lines []string
	for _, line := range t.all() {
		if strings.HasPrefix(line, stage+": ") && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// PipeDep is what constructors of members get injected.
type PipeDep struct{ name string }

// PipeAbsent is what nothing provides.
type PipeAbsent struct{}

// PipeWork uses all that a member can stand around.
type PipeWork struct {
	echo rpc.Service[*PipeEcho]
}

func NewPipeWork(echo rpc.Service[*PipeEcho]) *PipeWork { return &PipeWork{echo} }

func (w *PipeWork) Do(ctx restate.Context, in string) (string, error) {
	step, err := restate.Run(ctx, func(restate.RunContext) (string, error) { return in + " step", nil })
	if err != nil {
		return "", err
	}
	return rpc.Call(ctx, w.echo, (*PipeEcho).Echo, step)
}

func (w *PipeWork) Fail(restate.Context) error { return errUnlucky }

// PipeEcho answers with its input.
type PipeEcho struct{}

func (*PipeEcho) Echo(_ restate.Context, in string) (string, error) { return in + " echo", nil }

// pipeParams are parameters of a constructor as fx has them.
type pipeParams struct {
	fx.In

	Dep    *PipeDep
	Absent *PipeAbsent `optional:"true"`
}

// pipeGuarding is a guard by a pointer.
type pipeGuarding struct{ pipeline.GuardFunc }

// pipeForms attaches, for each stage, a member in each form in which one is given.
func pipeForms(trail *PipeTrail, level string) []fxrestate.Attachment {
	note := func(stage, form string) { trail.add("%s: %s %s", stage, level, form) }
	guard := func(form string) func(context.Context, *pipeline.Invocation) (bool, error) {
		return func(context.Context, *pipeline.Invocation) (bool, error) { note("guard", form); return true, nil }
	}
	interceptor := func(form string) func(restate.Context, *pipeline.Invocation, pipeline.Next) (any, error) {
		return func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
			note("interceptor", form)
			return next(ctx, inv)
		}
	}
	pipe := func(form string) func(restate.Context, *pipeline.Invocation, any) (any, error) {
		return func(_ restate.Context, _ *pipeline.Invocation, in any) (any, error) {
			note("pipe", form)
			return in, nil
		}
	}
	filter := func(form string) func(context.Context, *pipeline.Invocation, error) error {
		return func(context.Context, *pipeline.Invocation, error) error { note("filter", form); return nil }
	}
	observer := func(form string) func(context.Context, *pipeline.Invocation, pipeline.Ending) {
		return func(_ context.Context, inv *pipeline.Invocation, _ pipeline.Ending) {
			if inv.Handler() == "Fail" { // it has one attempt
				note("observer", form)
			}
		}
	}
	step := func(form string) func(restate.RunContext, *pipeline.Step, pipeline.StepNext) (any, error) {
		return func(ctx restate.RunContext, s *pipeline.Step, next pipeline.StepNext) (any, error) {
			note("step", form)
			return next(ctx, s)
		}
	}
	outgoing := func(form string) func(restate.Context, *pipeline.Call, pipeline.CallNext) error {
		return func(ctx restate.Context, c *pipeline.Call, next pipeline.CallNext) error {
			note("call", form)
			return next(ctx, c)
		}
	}
	return []fxrestate.Attachment{
		fxrestate.Guards(pipeline.GuardFunc(guard("value")), guard("function"),
			func(d *PipeDep) pipeline.Guard { return pipeline.GuardFunc(guard(d.name)) },
			func(d *PipeDep) (pipeline.GuardFunc, error) { return guard(d.name + ", error"), nil },
			func(absent ...*PipeAbsent) pipeline.GuardFunc { return guard(fmt.Sprint("variadic ", len(absent))) },
			func(p pipeParams) *pipeGuarding { return &pipeGuarding{guard(p.Dep.name + ", parameters")} }),
		fxrestate.Interceptors(pipeline.InterceptorFunc(interceptor("value")), interceptor("function"),
			func(d *PipeDep) pipeline.Interceptor { return pipeline.InterceptorFunc(interceptor(d.name)) },
			func(d *PipeDep) (pipeline.InterceptorFunc, error) { return interceptor(d.name + ", error"), nil },
			func(absent ...*PipeAbsent) pipeline.InterceptorFunc {
				return interceptor(fmt.Sprint("variadic ", len(absent)))
			}),
		fxrestate.Pipes(pipeline.PipeFunc(pipe("value")), pipe("function"),
			func(d *PipeDep) pipeline.Pipe { return pipeline.PipeFunc(pipe(d.name)) },
			func(d *PipeDep) (pipeline.PipeFunc, error) { return pipe(d.name + ", error"), nil },
			func(absent ...*PipeAbsent) pipeline.PipeFunc { return pipe(fmt.Sprint("variadic ", len(absent))) }),
		fxrestate.Filters(pipeline.FilterFunc(filter("value")), filter("function"),
			func(d *PipeDep) pipeline.Filter { return pipeline.FilterFunc(filter(d.name)) },
			func(d *PipeDep) (pipeline.FilterFunc, error) { return filter(d.name + ", error"), nil },
			func(absent ...*PipeAbsent) pipeline.FilterFunc { return filter(fmt.Sprint("variadic ", len(absent))) }),
		fxrestate.Observers(pipeline.ObserverFunc(observer("value")), observer("function"),
			func(d *PipeDep) pipeline.Observer { return pipeline.ObserverFunc(observer(d.name)) },
			func(d *PipeDep) (pipeline.ObserverFunc, error) { return observer(d.name + ", error"), nil },
			func(absent ...*PipeAbsent) pipeline.ObserverFunc {
				return observer(fmt.Sprint("variadic ", len(absent)))
			}),
		fxrestate.StepInterceptors(pipeline.StepInterceptorFunc(step("value")), step("function"),
			func(d *PipeDep) pipeline.StepInterceptor { return pipeline.StepInterceptorFunc(step(d.name)) },
			func(d *PipeDep) (pipeline.StepInterceptorFunc, error) { return step(d.name + ", error"), nil },
			func(absent ...*PipeAbsent) pipeline.StepInterceptorFunc {
				return step(fmt.Sprint("variadic ", len(absent)))
			}),
		fxrestate.CallInterceptors(pipeline.CallInterceptorFunc(outgoing("value")), outgoing("function"),
			func(d *PipeDep) pipeline.CallInterceptor { return pipeline.CallInterceptorFunc(outgoing(d.name)) },
			func(d *PipeDep) (pipeline.CallInterceptorFunc, error) { return outgoing(d.name + ", error"), nil },
			func(absent ...*PipeAbsent) pipeline.CallInterceptorFunc {
				return outgoing(fmt.Sprint("variadic ", len(absent)))
			}),
	}
}

func TestMembersOfEveryStageAreAttachedInEveryFormAtEveryLevel(t *testing.T) {
	t.Parallel()
	trail, name := NewPipeTrail(), testkit.Unique("pipe-forms")
	options := func(level string) (service []restate.ServiceDefinitionOption, handler []restate.HandlerOption) {
		for _, a := range pipeForms(trail, level) {
			service, handler = append(service, a), append(handler, a)
		}
		return service, handler
	}
	service, _ := options("service")
	_, do := options("handler")
	_, fail := options("handler")
	testkit.Start(t,
		fx.Supply(&PipeDep{"constructed"}),
		fxrestate.Service[*PipeEcho](func() *PipeEcho { return &PipeEcho{} }, fxrestate.Name(testkit.Unique("pipe-echo"))),
		fxrestate.Service[*PipeWork](NewPipeWork, append(service, fxrestate.Name(name),
			fxrestate.Handler((*PipeWork).Do, do...),
			fxrestate.Handler((*PipeWork).Fail, append(fail, fxrestate.AsTerminalError(func(err error) restate.TerminalError {
				return restate.ToTerminalError(err, restate.WithErrorCode(http.StatusTeapot))
			}))...))...),
		fxrestate.Use(pipeForms(trail, "global")...),
	)
	require.Equal(t, "in step echo", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "Do"), "in")))
	require.Equal(t, http.StatusTeapot, testkit.Post(t, testkit.Path(name, "Fail"), nil).Status)

	forms := []string{"value", "function", "constructed", "constructed, error", "variadic 0"}
	outIn, inOut := []string{"global", "service", "handler"}, []string{"handler", "service", "global"}
	for stage, levels := range map[string][]string{
		"guard": outIn, "interceptor": outIn, "pipe": outIn, "filter": inOut, "step": outIn, "call": outIn,
	} {
		t.Run(stage, func(t *testing.T) {
			var want []string
			for _, level := range levels {
				for _, form := range forms {
					want = append(want, stage+": "+level+" "+form)
				}
				if stage == "guard" {
					want = append(want, "guard: "+level+" constructed, parameters")
				}
			}
			require.Equal(t, want, trail.of(stage))
		})
	}
	var want []string // observers end in reverse order
	for _, level := range outIn {
		for _, form := range forms {
			want = append(want, "observer: "+level+" "+form)
		}
	}
	slices.Reverse(want)
	testkit.Eventually(t, func() error {
		if got := trail.of("observer"); !slices.Equal(want, got) {
			return fmt.Errorf("observers: %q", got)
		}
		return nil
	})
}

func TestThePipelineOfUseInModulesIsInTheOrderOfTheText(t *testing.T) {
	t.Parallel()
	trail, name := NewPipeTrail(), testkit.Unique("pipe-modules")
	use := func(who string) fx.Option { return fxrestate.Use(fxrestate.Guards(pipeNote(trail, "guard: "+who))) }
	testkit.Start(t,
		use("1"),
		fx.Module("a", use("2"), fx.Module("b", use("3")), use("4")),
		fxrestate.Service[*PipeEcho](func() *PipeEcho { return &PipeEcho{} }, fxrestate.Name(name)),
		use("5"),
		fx.Module("c",
			// A constructor sees what its module keeps to itself.
			fx.Provide(func() *PipeDep { return &PipeDep{"6, private"} }, fx.Private),
			fxrestate.Use(fxrestate.Guards(func(d *PipeDep) pipeline.GuardFunc { return pipeNote(trail, "guard: "+d.name) })),
		),
		fxrestate.Use(fxrestate.Guards(pipeNote(trail, "guard: 7"), pipeNote(trail, "guard: 8")), fxrestate.Guards(pipeNote(trail, "guard: 9"))),
	)
	require.Equal(t, "x echo", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "Echo"), "x")))
	require.Equal(t, []string{
		"guard: 1", "guard: 2", "guard: 3", "guard: 4", "guard: 5", "guard: 6, private", "guard: 7", "guard: 8", "guard: 9",
	}, trail.all())
}

// pipeNote is a guard that lets all in and writes a line.
func pipeNote(trail *PipeTrail, line string) pipeline.GuardFunc {
	return func(context.Context, *pipeline.Invocation) (bool, error) { trail.add("%s", line); return true, nil }
}

func TestMembersOfAnAttachmentInTwoPlacesAreThere(t *testing.T) {
	t.Parallel()
	trail, a, b := NewPipeTrail(), testkit.Unique("pipe-shared"), testkit.Unique("pipe-shared")
	both := fxrestate.Guards(func(d *PipeDep) pipeline.GuardFunc { return pipeNote(trail, d.name) })
	testkit.Start(t,
		fx.Supply(&PipeDep{"guard"}),
		fxrestate.Service[*PipeEcho](func() *PipeEcho { return &PipeEcho{} }, fxrestate.Name(a), both),
		fxrestate.Service[*PipeBank](func() *PipeBank { return &PipeBank{} }, fxrestate.Name(b), both),
	)
	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(a, "Echo"), "x").Status)
	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(b, "Pay"), 1).Status)
	require.Equal(t, []string{"guard", "guard"}, trail.all())
}

func TestThePipelineOfARegistrationTakesValues(t *testing.T) {
	t.Parallel()
	trail, name := NewPipeTrail(), testkit.Unique("pipe-registered")
	testkit.Start(t,
		fxrestate.Use(fxrestate.Guards(pipeNote(trail, "global"))),
		fx.Provide(fx.Annotate(func() fxrestate.Registration {
			return fxrestate.NewService(&PipeEcho{}, fxrestate.Name(name), fxrestate.Guards(pipeNote(trail, "service")),
				fxrestate.Handler((*PipeEcho).Echo, fxrestate.Guards(pipeNote(trail, "handler"))))
		}, fx.ResultTags(fxrestate.RegistrationGroup))))
	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "Echo"), "x").Status)
	require.Equal(t, []string{"global", "service", "handler"}, trail.all())
}

// PipeKeyed and PipeFlow have a handler of each kind, with PipeEcho.
type (
	PipeKeyed struct{}
	PipeFlow  struct{}
)

func (PipeKeyed) Change(restate.ObjectContext) error              { return nil }
func (PipeKeyed) Look(restate.ObjectSharedContext) error          { return nil }
func (PipeFlow) Run(restate.WorkflowContext) error                { return nil }
func (PipeFlow) Ask(restate.WorkflowSharedContext, string) error  { return nil }
func (PipeFlow) Tell(restate.WorkflowSharedContext, []byte) error { return nil }

func TestThePipelineRunsAroundHandlersOfEveryKind(t *testing.T) {
	t.Parallel()
	trail, service, object, flow := NewPipeTrail(), testkit.Unique("pipe-kind"), testkit.Unique("pipe-kind"), testkit.Unique("pipe-kind")
	testkit.Start(t,
		fxrestate.Use(
			fxrestate.Guards(func(_ context.Context, inv *pipeline.Invocation) (bool, error) {
				trail.add("guard %s %s %q", inv.Handler(), inv.Target().Role(), inv.Key())
				return true, nil
			}),
			fxrestate.Interceptors(func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
				trail.add("interceptor %s %s %s %s", inv.Handler(), inv.Type(), inv.Service(), inv.ID())
				return next(ctx, inv)
			})),
		fxrestate.Service[*PipeEcho](func() *PipeEcho { return &PipeEcho{} }, fxrestate.Name(service), fxrestate.Naming(handler.LowerCamel)),
		fxrestate.Object[PipeKeyed](testkit.Made(PipeKeyed{}), fxrestate.Name(object)),
		fxrestate.Workflow[PipeFlow](testkit.Made(PipeFlow{}), fxrestate.Name(flow)),
	)
	for _, to := range []struct{ path, guard, service, handler string }{
		{testkit.Path(service, "echo"), `guard echo service ""`, service, "echo"},
		{testkit.Path(object, "k/1", "Change"), `guard Change virtual object, exclusive "k/1"`, object, "Change"},
		{testkit.Path(object, "k/1", "Look"), `guard Look virtual object, shared "k/1"`, object, "Look"},
		{testkit.Path(flow, "w", "Run"), `guard Run workflow run "w"`, flow, "Run"},
		{testkit.Path(flow, "w", "Ask"), `guard Ask workflow, shared "w"`, flow, "Ask"},
	} {
		t.Run(to.path, func(t *testing.T) {
			var in any
			if to.handler == "echo" || to.handler == "Ask" {
				in = "x"
			}
			a := testkit.Post(t, to.path, in)
			require.Equal(t, http.StatusOK, a.Status, string(a.Body))
			require.Contains(t, trail.all(), to.guard)
			require.Contains(t, trail.all(), fmt.Sprintf("interceptor %s restate %s %s", to.handler, to.service, a.Header.Get("X-Restate-Id")))
		})
	}
}

func TestStagesAreSwitchedOff(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		off  fxrestate.PipelineConfig
		gone []string
	}{
		{"guards", fxrestate.PipelineConfig{WithoutGuards: true}, []string{"guard"}},
		{"interceptors", fxrestate.PipelineConfig{WithoutInterceptors: true}, []string{"interceptor", "step", "call"}},
		{"filters", fxrestate.PipelineConfig{WithoutFilters: true}, []string{"filter"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			trail, name, cfg := NewPipeTrail(), testkit.Unique("pipe-off"), testkit.Config()
			cfg.Pipeline = tt.off
			options := []restate.ServiceDefinitionOption{fxrestate.Name(name), fxrestate.AsTerminalError(func(err error) restate.TerminalError { return restate.ToTerminalError(err) })}
			for _, a := range pipeForms(trail, "service") {
				options = append(options, a)
			}
			testkit.StartWith(t, cfg,
				fx.Supply(&PipeDep{"constructed"}),
				fxrestate.Use(pipeForms(trail, "global")...),
				fxrestate.Service[*PipeEcho](func() *PipeEcho { return &PipeEcho{} }, fxrestate.Name(testkit.Unique("pipe-echo"))),
				fxrestate.Service[*PipeWork](NewPipeWork, options...))
			require.Equal(t, "in step echo", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "Do"), "in")))
			require.Equal(t, http.StatusInternalServerError, testkit.Post(t, testkit.Path(name, "Fail"), nil).Status)
			for _, stage := range []string{"guard", "interceptor", "pipe", "filter", "step", "call"} {
				t.Run(stage, func(t *testing.T) {
					if slices.Contains(tt.gone, stage) {
						require.Empty(t, trail.of(stage), stage)
					} else {
						require.GreaterOrEqual(t, len(trail.of(stage)), 10, stage)
					}
				})
			}
		})
	}
}

func TestThePipelineOfEachHandlerIsShown(t *testing.T) {
	t.Parallel()
	trail, name := NewPipeTrail(), testkit.Unique("pipe-shown")
	a := testkit.Start(t,
		fx.Supply(trail),
		fxrestate.Use(fxrestate.Interceptors(pipeInterceptor("global")), fxrestate.Filters(httperror.Filter())),
		fxrestate.Service[*PipeBank](func() *PipeBank { return &PipeBank{} }, fxrestate.Name(name),
			fxrestate.Handler((*PipeBank).Pay, fxrestate.Guards(newPipeGuard)),
		),
	)
	want := regexp.QuoteMeta(name) + `/Pay \(service\)
  observer     global   pipeline\.panicLog
  guard        handler  \*pipeline_test\.pipeGuard
  interceptor  global   pipeline_test\.\S*pipeInterceptor\S*
  filter       global   httperror\.Filter
`
	var shown, logged []string
	for _, c := range a.Endpoint.Chains() {
		shown = append(shown, c.String())
	}
	for _, line := range a.Lines("handler") {
		require.Equal(t, "debug", line.Level.String())
		logged = append(logged, line.ContextMap()["pipeline"].(string))
	}
	require.Len(t, shown, 3)
	require.Equal(t, shown, logged)
	require.Regexp(t, "^"+want+"$", shown[0])
	require.True(t, strings.HasPrefix(shown[1], name+"/Slow"), shown[1])
	require.NotContains(t, shown[1], "guard")
}
