package restatetest_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

// absent is a type that nothing provides.
type absent struct{}

func TestAMistakeFailsTheTestAndSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		opts []fx.Option
		want []string
	}{
		"no Module": {[]fx.Option{fx.Supply(1)}, []string{
			"the application cannot be built", "restatetest: fxrestate.Module is not among the options of Start; list it, as the application does in fx.New",
		}},
		"a service without Module": {[]fx.Option{fxrestate.Object[*Counter](newCounter)}, []string{"is listed without fxrestate.Module"}},
		"Module again":             {[]fx.Option{counters(), fxrestate.Module}, []string{"fxrestate.Module is listed twice, perhaps in the module of an application too; list it once"}},
		"two mistakes of the application": {
			[]fx.Option{fxrestate.Module, fxrestate.Object[*Counter](nil), fxrestate.Service[*Steps](nil)},
			[]string{"restatetest_test.Counter", "restatetest_test.Steps", "the constructor is nil"},
		},
		"a type that nothing provides": {[]fx.Option{counters(), fx.Invoke(func(absent) {})}, []string{"missing type: restatetest_test.absent"}},
		"a hook that fails": {
			[]fx.Option{counters(), fx.Invoke(func(lc fx.Lifecycle) {
				lc.Append(fx.StartHook(func() error { return errors.New("no database") }))
			})},
			[]string{"the application does not start", "no database"},
		},
		"an option of the kit in another one": {
			[]fx.Option{counters(), fx.Options(restatetest.Private)},
			[]string{"restatetest: an option of the kit stands inside of another option; list it in restatetest.Start itself"},
		},
		"a zero option":     {[]fx.Option{counters(), restatetest.Option{}}, []string{"restatetest: option 2 of Start is a zero Option"}},
		"a nil option":      {[]fx.Option{counters(), nil}, []string{"restatetest: option 2 of Start is nil; leave it out"}},
		"no nodes":          {[]fx.Option{counters(), restatetest.Cluster(0)}, []string{"restatetest: Cluster(0): want a positive number of nodes"}},
		"no time":           {[]fx.Option{counters(), restatetest.Within(0)}, []string{"restatetest: Within(0s): want a positive duration"}},
		"no such version":   {[]fx.Option{counters(), restatetest.ServerVersion("newest")}, []string{"restatetest: no server for the test", "want a full version such as"}},
		"a setting of ours": {[]fx.Option{counters(), restatetest.ServerEnv(map[string]string{"RESTATE_BASE_DIR": "/"})}, []string{"Config.Env must not set RESTATE_BASE_DIR"}},
		"a mounted endpoint that nobody serves": {
			[]fx.Option{
				counters(), restatetest.Within(5 * time.Second),
				fx.Supply(fxrestate.Config{Endpoint: endpoint.Config{Mode: endpoint.Mounted}, Register: register("http://shop.example/restate")}),
			},
			[]string{"restatetest: the mounted endpoint is not registered; serve it with fxrestate.HTTPServer"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failed, said := record(t, func(t testing.TB) { restatetest.Start(t, tt.opts...) })
			require.True(t, failed)
			for _, want := range tt.want {
				require.Contains(t, said, want)
			}
			require.NotContains(t, said, "[Fx]")
		})
	}
}

func TestMisuseOfAnEnvironmentFailsTheTest(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		do   func(env *restatetest.Env)
		want string
	}{
		"a start of what runs":     {(*restatetest.Env).StartApp, "restatetest: StartApp: the application runs; call KillApp first, or RestartApp"},
		"a second kill":            {func(env *restatetest.Env) { env.KillApp(); env.KillApp() }, "restatetest: KillApp: the application does not run; call StartApp first"},
		"a restart of what is off": {func(env *restatetest.Env) { env.KillApp(); env.RestartApp() }, "restatetest: RestartApp: the application does not run; call StartApp first"},
		"no such node":             {func(env *restatetest.Env) { env.KillNode(1) }, "restatetest: KillNode(1): there is no such node; say how many there are with restatetest.Cluster"},
		"no such node to start":    {func(env *restatetest.Env) { env.StartNode(-1) }, "restatetest: StartNode(-1): there is no such node"},
		"no such service":          {func(env *restatetest.Env) { restatetest.StateOf[*Steps](env, "a") }, "restatetest: *restatetest_test.Steps is not a service of the application"},
		"no such type of state": {func(env *restatetest.Env) {
			state := restatetest.StateOf[*Counter](env, "a")
			state.Set("sum", "many")
			restatetest.Get(state, sum)
		}, `what is stored is no int`},
		"no such type of a value": {func(env *restatetest.Env) {
			state := restatetest.StateOf[*Counter](env, "a")
			state.Set("sum", "many")
			state.Get("sum", new(int))
		}, `restatetest: the state "sum" of counter/a is "\"many\""`},
		"a value that JSON has not":    {func(env *restatetest.Env) { restatetest.StateOf[*Counter](env, "a").Set("sum", func() {}) }, `restatetest: set the state "sum" of counter/a: json`},
		"state of a service":           {func(env *restatetest.Env) { restatetest.StateOfService(env, "none", "a").Set("a", 1) }, "restatetest: set the state of none/a"},
		"no such invocation":           {func(env *restatetest.Env) { env.Invocation("inv_1").Cancel() }, "restatetest: cancel the invocation inv_1"},
		"an invocation that never was": {func(env *restatetest.Env) { env.Invocation("inv_1").Status() }, "restatetest: the invocation inv_1 is not known to the server, for"},
		"an entry that does not come":  {func(env *restatetest.Env) { env.Invocation("inv_1").AwaitEntry("Run x") }, "restatetest: the invocation inv_1 does not write Run x"},
		"what does not come":           {func(env *restatetest.Env) { env.Eventually(func() error { return errors.New("no") }) }, "restatetest: in vain, for"},
		"what does not become true":    {func(env *restatetest.Env) { env.Until(func() bool { return false }, "the moon is full") }, "not yet: the moon is full"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var env *restatetest.Env
			failed, said := record(t, func(t testing.TB) {
				env = restatetest.Start(t, counters(), restatetest.Within(3*time.Second))
				tt.do(env)
			})
			require.True(t, failed)
			require.Contains(t, said, tt.want)
		})
	}
}

func TestLogsAreShownOnlyIfATestFails(t *testing.T) {
	t.Parallel()
	const line = "a line of the application"
	broken := new(atomic.Bool)
	broken.Store(true)
	for name, fails := range map[string]bool{"that fails": true, "that passes": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, said := record(t, func(t testing.TB) {
				env := restatetest.Start(t, steps(broken), restatetest.NoRetries, fx.Invoke(func(log *slog.Logger) { log.Warn(line) }))
				_, err := ingress.Call0(t.Context(), ingress.NewService[*Steps](env.Ingress()), (*Steps).Try)
				require.ErrorContains(t, err, errBroken.Error())
				if fails {
					env.Until(func() bool { return strings.Contains(restatetest.ServerLog(env), errBroken.Error()) }, "the server's line")
					t.Error("it fails")
				}
			})
			if !fails {
				require.Empty(t, said)
				return
			}
			require.Contains(t, said, line)
			require.Contains(t, said, errBroken.Error())
			require.Contains(t, said, "log of the server, the end of it:")
		})
	}
}

func TestALogWithoutLinesIsNotShown(t *testing.T) {
	t.Parallel()
	failed, said := record(t, func(t testing.TB) {
		restatetest.Start(t, restatetest.InProcess, fxrestate.Module, fxrestate.Module)
	})
	require.True(t, failed)
	require.NotContains(t, said, "log of the")
}

// own is a logger of the application.
type own struct {
	slog.Handler

	lines *atomic.Int64
}

func (o own) Enabled(context.Context, slog.Level) bool { return true }

func (o own) Handle(context.Context, slog.Record) error {
	o.lines.Add(1)
	return nil
}

func (o own) WithAttrs([]slog.Attr) slog.Handler { return o }
func (o own) WithGroup(string) slog.Handler      { return o }

func TestALoggerOfTheApplicationIsLeftAlone(t *testing.T) {
	t.Parallel()
	var lines atomic.Int64
	failed, said := record(t, func(t testing.TB) {
		restatetest.Start(t, counters(), fx.Provide(func() slog.Handler { return own{slog.DiscardHandler, &lines} }))
		t.Error("it fails")
	})
	require.True(t, failed)
	require.Positive(t, lines.Load())
	require.NotContains(t, said, "registered")
}

func TestASubtestFailsByItself(t *testing.T) {
	t.Parallel()
	var failed bool
	var said string
	outer, _ := record(t, func(t testing.TB) {
		env := restatetest.Start(t, counters())
		failed, said = record(t, func(t testing.TB) { env.With(t).StartApp() })
		add(t, env, "ada", 1) // it runs
	})
	require.True(t, failed)
	require.Contains(t, said, "the application runs")
	require.False(t, outer)
}
