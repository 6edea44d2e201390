package cron_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/durable/cron"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/restatetest"
	"github.com/fxrestate/go/rpc"
)

// start is an application on a clock that the test moves, or on a server.
func start(t *testing.T, backend []fx.Option, w *World, opts ...fx.Option) (*restatetest.Env, cron.Ingress) {
	t.Helper()
	var outside *tool
	env := restatetest.Start(t, append(backend[:len(backend):len(backend)], app(w, fx.Populate(&outside), fx.Options(opts...)))...)
	return env, outside.Ingress
}

// inProcess stands still, so that what is far away does not come.
var inProcess = []fx.Option{restatetest.InProcess, restatetest.ManualClock}

// onBoth is restatetest.OnBoth with such a clock.
func onBoth(t *testing.T, test func(t *testing.T, backend []fx.Option)) {
	t.Helper()
	for name, backend := range map[string][]fx.Option{"in process": inProcess, "on a server": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, backend)
		})
	}
}

// scheduled are the invocations that wait for the time of a job.
func scheduled(env *restatetest.Env) (n int) {
	for _, i := range env.Invocations("CronJob") {
		if i.Handler == "Tick" && i.Status == admin.StatusScheduled {
			n++
		}
	}
	return n
}

const farAway = "0 0 1 1 *"

func TestACancelledJobLeavesNothingScheduled(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, backend []fx.Option) {
		env, jobs := start(t, backend, &World{})
		info, err := jobs.Set(t.Context(), farAway, cron.CallVoid((*Reports).Count, "x"))
		require.NoError(t, err)
		require.NotEmpty(t, info.Name)
		require.Equal(t, time.January, info.Next.Month())
		require.Equal(t, info.NextInvocation, env.Invocation(info.NextInvocation).ID())
		require.Equal(t, 1, scheduled(env))

		require.NoError(t, jobs.Cancel(t.Context(), info.Name))
		env.Until(func() bool { return scheduled(env) == 0 }, "nothing is scheduled")
		_, err = jobs.Get(t.Context(), info.Name)
		require.EqualValues(t, 404, handler.CodeOf(err))
		require.EqualValues(t, 404, handler.CodeOf(jobs.Cancel(t.Context(), info.Name)))
		require.Empty(t, restatetest.StateOf[*cron.Job](env, info.Name).All())
	})
}

func TestAJobOfABadExpressionIsRefused(t *testing.T) {
	t.Parallel()
	env, jobs := start(t, inProcess, &World{})
	for _, test := range []struct {
		name string
		set  func() error
	}{
		{"outside", func() error {
			_, err := jobs.Set(t.Context(), "61 * * * *", cron.CallVoid((*Reports).Count, "x"))
			return err
		}},
		{"inside a handler", func() error {
			_, err := ingress.Call(t.Context(), ingress.NewService[*Reports](env.Ingress()), (*Reports).Remind, "61 * * * *")
			return err
		}},
		{"on the wire", func() error {
			_, err := ingress.Call(t.Context(), ingress.NewObject[*cron.Job](env.Ingress()).Key("x"), (*cron.Job).Set,
				cron.Definition{Schedule: "@daily Nowhere", Overlap: "perhaps", Missed: "never", Jitter: "-1s"})
			require.ErrorContains(t, err, `the time zone "Nowhere" is not known`)
			require.ErrorContains(t, err, "the target has no service")
			require.ErrorContains(t, err, `the overlap "perhaps"`)
			require.ErrorContains(t, err, `the policy "never"`)
			require.ErrorContains(t, err, `the jitter "-1s"`)
			return err
		}},
		{"under a name that is the package's own", func() error {
			_, err := jobs.Set(t.Context(), farAway, cron.CallVoid((*Reports).Count, "x"), cron.Name("#declared"))
			return err
		}},
		{"of an object without a key", func() error {
			_, err := jobs.Set(t.Context(), farAway, cron.Call0Void((*Counter).Add))
			return err
		}},
		{"of a service with a key", func() error {
			_, err := jobs.Set(t.Context(), farAway, cron.CallVoid((*Reports).Count, "x").Key("ada"))
			return err
		}},
		{"of nothing", func() error {
			_, err := jobs.Set(t.Context(), farAway, cron.Task{})
			return err
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.EqualValues(t, 400, handler.CodeOf(test.set()))
		})
	}
	require.Zero(t, scheduled(env))
}

func TestAHandlerSetsAJobAndTendsIt(t *testing.T) {
	t.Parallel()
	w := &World{}
	env, _ := start(t, inProcess, w)
	reports := ingress.NewService[*Reports](env.Ingress())
	info, err := ingress.Call(t.Context(), reports, (*Reports).Remind, "@every 1h")
	require.NoError(t, err)
	env.Advance(time.Hour)
	require.Equal(t, 1, w.count("reminded"))
	paused, err := ingress.Call(t.Context(), reports, (*Reports).Tend, info.Name)
	require.NoError(t, err)
	require.True(t, paused)
	env.Advance(10 * time.Hour)
	require.Equal(t, 2, w.count("reminded"), "once by hand, and never after it was cancelled")
}

func TestAPausedJobWaitsForItsNextTime(t *testing.T) {
	t.Parallel()
	w := &World{}
	env, jobs := start(t, inProcess, w)
	set := func() cron.Info {
		info, err := jobs.Set(t.Context(), "@every 1h", cron.CallVoid((*Reports).Count, "x"), cron.Name("x"))
		require.NoError(t, err)
		return info
	}
	set()
	info, err := jobs.Pause(t.Context(), "x")
	require.NoError(t, err)
	require.True(t, info.Paused)
	require.Zero(t, info.Next)
	require.True(t, set().Paused, "as an operator wanted it")
	env.Advance(5 * time.Hour)
	require.Empty(t, w.all())
	info, err = jobs.Resume(t.Context(), "x")
	require.NoError(t, err)
	require.True(t, info.Next.After(env.Now()))
	env.Advance(time.Hour)
	require.Len(t, w.all(), 1, "and not what it missed")
}

func TestManyReplicasDeclareEachJobOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, backend []fx.Option) {
		env, jobs := start(t, backend, &World{}, fxrestate.Every(farAway, cron.CallVoid((*Reports).Count, "x"), cron.Name("x")))
		declared(t, env, jobs, "x")
		first, err := jobs.Get(t.Context(), "x")
		require.NoError(t, err)

		again := map[string]cron.Definition{"x": first.Definition}
		var replicas sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			replicas.Go(func() { _, errs[i] = jobs.Declare(t.Context(), again) })
		}
		replicas.Wait()
		require.NoError(t, errors.Join(errs...))
		env.RestartApp()
		env.KillApp()
		env.StartApp()
		declared(t, env, jobs, "x")
		now, err := jobs.Get(t.Context(), "x")
		require.NoError(t, err)
		require.Equal(t, first, now)
		require.Equal(t, 1, scheduled(env))
	})
}

func TestDeclarationsThatChangeOrAreGone(t *testing.T) {
	t.Parallel()
	env, jobs := start(t, inProcess, &World{})
	def := cron.Definition{Schedule: farAway, Target: cron.Target{Service: "Reports", Handler: "Count"}}
	other := def
	other.Schedule = "0 0 2 2 *"
	_, err := jobs.Declare(t.Context(), map[string]cron.Definition{"stays": def, "changes": def, "goes": def, "taken": def})
	require.NoError(t, err)
	_, err = jobs.Set(t.Context(), farAway, cron.CallVoid((*Reports).Count, "x"), cron.Name("taken"))
	require.NoError(t, err)
	_, err = jobs.Set(t.Context(), farAway, cron.CallVoid((*Reports).Count, "x"), cron.Name("by hand"))
	require.NoError(t, err)

	gone, err := jobs.Declare(t.Context(), map[string]cron.Definition{"stays": def, "changes": other})
	require.NoError(t, err)
	require.Equal(t, []string{"goes", "taken"}, gone)
	for name, want := range map[string]time.Month{"stays": time.January, "changes": time.February, "by hand": time.January, "taken": time.January} {
		info, err := jobs.Get(t.Context(), name)
		require.NoError(t, err, name)
		require.Equal(t, want, info.Next.Month(), name)
	}
	_, err = jobs.Get(t.Context(), "goes")
	require.EqualValues(t, 404, handler.CodeOf(err))
	require.Equal(t, 4, scheduled(env))
}

func TestAJobWhoseMessageIsLostGoesOnWhenItIsDeclaredAgain(t *testing.T) {
	t.Parallel()
	w := &World{}
	env, jobs := start(t, inProcess, w, fxrestate.Every("@every 1h", cron.CallVoid((*Reports).Count, "x"), cron.Name("x")))
	declared(t, env, jobs, "x")
	info, err := jobs.Get(t.Context(), "x")
	require.NoError(t, err)
	env.Invocation(info.NextInvocation).Kill()
	env.Advance(info.Next.Sub(env.Now()) + 4*time.Hour + 30*time.Minute) // far from a time of the job
	require.Empty(t, w.all())
	env.RestartApp()
	env.Eventually(func() error {
		env.Advance(time.Second)
		if len(w.all()) != 1 {
			return fmt.Errorf("%d runs", len(w.all()))
		}
		return nil
	})
	env.Advance(time.Hour)
	require.Len(t, w.all(), 2)
}

// A guard of the whole application is not asked about what a job calls of itself, and is about
// what sets it and what it stands for.
func TestAJobRunsBehindAGuardOfTheApplication(t *testing.T) {
	t.Parallel()
	w := &World{}
	var asked sync.Map
	env, jobs := start(t, inProcess, w,
		fxrestate.Every("@every 1h", cron.CallVoid((*Reports).Count, "x"), cron.Name("x")),
		fxrestate.Use(fxrestate.Guards(func(_ context.Context, inv *pipeline.Invocation) (bool, error) {
			asked.Store(inv.Handler(), true)
			return inv.Handler() != "Tick" && inv.Handler() != "Run" && inv.Handler() != "Ended" && inv.Handler() != "Put", nil
		})),
	)
	declared(t, env, jobs, "x")
	env.Advance(2 * time.Hour)
	require.Equal(t, 2, w.count("x"))
	_, err := jobs.Set(t.Context(), farAway, cron.CallVoid((*Reports).Count, "x"), cron.Name("y"))
	require.NoError(t, err)
	for _, name := range []string{"Declare", "Set", "Count"} {
		_, ok := asked.Load(name)
		require.True(t, ok, name)
	}
}

func TestAJobGoesOnAfterAllHasDied(t *testing.T) {
	t.Parallel()
	w := &World{}
	var outside *tool
	env := restatetest.Start(t, app(w, fx.Populate(&outside),
		fxrestate.Every("* * * * * *", cron.Call((*Reports).Nightly, Report{To: "x"}), cron.Name("x"), cron.Allow)))
	runs := func(n int) func() bool { return func() bool { return len(w.all()) >= n } }
	env.Until(runs(2), "the job runs each second")
	env.KillApp()
	env.KillServer()
	before := len(w.all())
	env.StartServer()
	env.StartApp()
	env.Until(runs(before+2), "the job goes on")

	all, err := outside.List(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, "x", all[0].Name)
	require.Equal(t, "* * * * * *", all[0].Schedule)
	require.NoError(t, outside.Cancel(t.Context(), "x"))
	seen := map[string]bool{}
	for _, one := range w.all() {
		seen[one] = true
	}
	// A step runs again if its process dies before the result is stored, and only then.
	require.GreaterOrEqual(t, len(seen)+1, len(w.all()))
}

// Whoever can call the ingress cannot have a handler called by a job that they could not call
// themselves.
func TestAJobFromOutsideCallsOnlyWhatIsOpenOrDeclared(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, backend []fx.Option) {
		env, jobs := start(t, backend, &World{},
			fxrestate.Service[*Vault](func(jobs cron.Client) *Vault { return &Vault{jobs} }, fxrestate.Handler((*Vault).Open, restate.WithIngressPrivate(true))),
			fxrestate.Service[*Cellar](func() *Cellar { return &Cellar{} }, restate.WithIngressPrivate(true)),
			fxrestate.Every(farAway, cron.CallVoid((*Vault).Open, "<declared>"), cron.Name("x")),
		)
		declared(t, env, jobs, "x")
		target := func(service, name, input string) cron.Target {
			return cron.Target{Service: service, Handler: name, Payload: []byte(input)}
		}
		outside := ingress.NewObject[*cron.Job](env.Ingress())
		for _, test := range []struct {
			name   string
			target cron.Target
			want   int
		}{
			{"a handler that the ingress serves", target("Vault", "Look", `"y"`), 0},
			{"exactly what is declared", target("Vault", "Open", ` "<declared>" `), 0},
			{"what is declared, with another input", target("Vault", "Open", `"mine"`), 403},
			{"a private handler of a private service", target("Cellar", "Dig", `"y"`), 403},
			{"a handler that only the jobs themselves call", target("CronJob", "Run", `{}`), 403},
			{"what this application does not serve", target("Others", "Open", `"y"`), 403},
			{"a name that would be that of another target", target("Vault/Look", "", `"y"`), 400},
		} {
			d := cron.Definition{Schedule: farAway, Target: test.target}
			_, err := ingress.Call(t.Context(), outside.Key("set"), (*cron.Job).Set, d)
			require.EqualValues(t, test.want, handler.CodeOf(err), test.name)
			if test.want != 0 {
				_, err = jobs.Declare(t.Context(), map[string]cron.Definition{"x": d})
				require.EqualValues(t, 400, handler.CodeOf(err), test.name)
			}
		}
		info, err := jobs.Get(t.Context(), "x")
		require.NoError(t, err)
		require.JSONEq(t, `"<declared>"`, string(info.Target.Payload), "the job stays what it was")

		// A handler may name any target.
		info, err = ingress.Call(t.Context(), ingress.NewService[*Vault](env.Ingress()), (*Vault).Plan, "y")
		require.NoError(t, err)
		require.Equal(t, "Open", info.Target.Handler)
		_, err = ingress.Call(t.Context(), outside.Key("put"), (*cron.Job).Put, cron.Definition{Schedule: farAway, Target: target("Vault", "Open", `"mine"`)})
		require.Error(t, err, "the ingress does not serve what a handler calls")
		_, err = jobs.Get(t.Context(), "put")
		require.EqualValues(t, 404, handler.CodeOf(err))
	})
}

func TestAJobObjectThatKnowsOfNothingOpenSetsNoneFromOutside(t *testing.T) {
	t.Parallel()
	env := restatetest.Start(t, restatetest.InProcess, fxrestate.Module, fxrestate.Object[*cron.Job](func(jobs rpc.Object[*cron.Job]) *cron.Job { return cron.New(jobs, nil) }))
	_, err := ingress.Call(t.Context(), ingress.NewObject[*cron.Job](env.Ingress()).Key("x"), (*cron.Job).Set,
		cron.Definition{Schedule: farAway, Target: cron.Target{Service: "CronJob", Handler: "Get"}})
	require.EqualValues(t, 403, handler.CodeOf(err))
}
