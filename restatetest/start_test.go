package restatetest_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/httpserver"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

func TestAnApplicationRunsOnAServer(t *testing.T) {
	t.Parallel()
	env := restatetest.Start(t, counters())
	require.Equal(t, 2, add(t, env, "ada", 2).Sum)
	require.Equal(t, 5, add(t, env, "ada", 3).Sum)
	require.Equal(t, 1, add(t, env, "bob", 1).Sum)

	health, err := http.Get(env.IngressURL() + "/restate/health")
	require.NoError(t, err)
	require.NoError(t, health.Body.Close())
	require.Equal(t, http.StatusOK, health.StatusCode)
	service, err := env.Admin().Service(t.Context(), "counter")
	require.NoError(t, err)
	require.Equal(t, env.AdminURL(), env.Admin().URL())
	deployment, err := env.Admin().Deployment(t.Context(), service.DeploymentID)
	require.NoError(t, err)
	require.Contains(t, deployment.URI, "http://127.0.0.1:")
}

func TestTheConfigOfTheApplicationAppliesButForWhatBelongsToAnotherServer(t *testing.T) {
	t.Parallel()
	elsewhere := func() fxrestate.Config {
		cfg, err := fxrestate.ConfigFromEnv()
		require.NoError(t, err)
		cfg.Ingress.URL, cfg.Admin.URL = "http://elsewhere.example:8080", "http://elsewhere.example:9070"
		cfg.Ingress.AuthToken, cfg.Admin.AuthToken = "secret", "secret"
		cfg.Endpoint.IdentityKeys = []string{"publickeyv1_w7YHemBctH5Ck2nQRQ47iBBqhNHy4FV7t2Usbye2A6f"}
		return cfg
	}
	named := func() fxrestate.Config {
		cfg := elsewhere()
		cfg.Defaults = []restate.ServiceDefinitionOption{restate.WithMetadata("team", "checkout")}
		return cfg
	}
	for name, tt := range map[string]struct {
		option fx.Option
		team   string
	}{
		"none":                             {fx.Options(), ""},
		"a value":                          {fx.Supply(named()), "checkout"},
		"a constructor":                    {fx.Provide(named), "checkout"},
		"a value that a decorator changes": {fx.Options(fx.Supply(elsewhere()), fx.Decorate(named)), "checkout"},
		"a value that is replaced":         {fx.Options(fx.Supply(elsewhere()), fx.Replace(named())), "checkout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := restatetest.Start(t, counters(), tt.option)
			require.Equal(t, 2, add(t, env, "ada", 2).Sum)
			service, err := env.Admin().Service(t.Context(), "counter")
			require.NoError(t, err)
			require.Equal(t, tt.team, service.Metadata["team"])
		})
	}
}

func TestAnApplicationOfAnyModeIsServed(t *testing.T) {
	t.Parallel()
	t.Run("mounted in its own HTTP server", func(t *testing.T) {
		t.Parallel()
		var api *httpserver.Server
		env := restatetest.Start(t, counters(), fx.Populate(&api),
			fx.Supply(fxrestate.Config{Endpoint: endpoint.Config{Mode: endpoint.Mounted}, Register: register("https://shop.example/restate")}),
			fxrestate.HTTPServer(func(e *endpoint.Endpoint) http.Handler {
				mux := http.NewServeMux()
				mux.Handle("/restate/", e.Under("/restate"))
				return mux
			}))
		require.Equal(t, 2, add(t, env, "ada", 2).Sum)
		require.NotEmpty(t, api.URL())
		env.KillApp()
		env.StartApp()
		require.Equal(t, 3, add(t, env, "ada", 1).Sum)
	})
	t.Run("on Lambda", func(t *testing.T) {
		t.Parallel()
		env := restatetest.Start(t, counters(), fx.Supply(fxrestate.Config{Endpoint: endpoint.Config{Mode: endpoint.Lambda}}))
		require.Equal(t, 2, add(t, env, "ada", 2).Sum)
	})
	t.Run("with a version", func(t *testing.T) {
		t.Parallel()
		env := restatetest.Start(t, counters(), fx.Supply(fxrestate.Config{Endpoint: endpoint.Config{Version: endpoint.Version{Name: "7"}}}))
		require.Equal(t, 2, add(t, env, "ada", 2).Sum)
	})
}

type stoppedClock struct{}

func (stoppedClock) Now() string { return "noon" }

func TestFakesReplaceWhatTheApplicationProvides(t *testing.T) {
	t.Parallel()
	for name, fake := range map[string]fx.Option{
		"replaced":  fx.Replace(fx.Annotate(stoppedClock{}, fx.As(new(Clock)))),
		"decorated": fx.Decorate(func(Clock) Clock { return stoppedClock{} }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var clock Clock
			env := restatetest.Start(t, steps(nil), fake, fx.Populate(&clock))
			require.Equal(t, stoppedClock{}, clock)
			said, err := ingress.Call0(t.Context(), ingress.NewService[*Steps](env.Ingress()), (*Steps).Tell)
			require.NoError(t, err)
			require.Equal(t, "noon", said)
		})
	}
}

func TestHooksOfTheApplicationRun(t *testing.T) {
	t.Parallel()
	var started, stopped atomic.Int64
	t.Run("during a test", func(t *testing.T) {
		env := restatetest.Start(t, counters(), fx.Invoke(func(lc fx.Lifecycle) {
			lc.Append(fx.StartStopHook(func() { started.Add(1) }, func(context.Context) { stopped.Add(1) }))
		}))
		require.EqualValues(t, 1, started.Load())
		env.RestartApp()
		require.EqualValues(t, 2, started.Load())
		require.EqualValues(t, 1, stopped.Load())
		env.KillApp()
		require.EqualValues(t, 2, stopped.Load())
		env.StartApp()
	})
	require.EqualValues(t, 3, started.Load())
	require.EqualValues(t, 3, stopped.Load())
}

func TestTwoApplicationsOfOneTestAreApart(t *testing.T) {
	t.Parallel()
	one, two := restatetest.Start(t, counters()), restatetest.Start(t, counters())
	require.NotEqual(t, one.IngressURL(), two.IngressURL())
	require.Equal(t, 2, add(t, one, "ada", 2).Sum)
	require.Equal(t, 1, add(t, two, "ada", 1).Sum)
}

func TestAHandlerThatIsStillAtWorkDoesNotHoldUpTheEndOfATest(t *testing.T) {
	t.Parallel()
	t.Run("that leaves it", func(t *testing.T) {
		env := restatetest.Start(t, steps(nil), fx.Decorate(func() Clock { return endlessClock{t.Context()} }))
		handle, err := ingress.Send0(t.Context(), ingress.NewService[*Steps](env.Ingress()), (*Steps).Tell)
		require.NoError(t, err)
		env.InvocationOf(handle).AwaitStatus("running")
	})
}

func TestACleanupOfTheTestCanUseTheEnvironment(t *testing.T) {
	t.Parallel()
	var now int
	t.Run("that has it", func(t *testing.T) {
		env := restatetest.Start(t, counters())
		require.Equal(t, 2, add(t, env, "ada", 2).Sum)
		t.Cleanup(env.KillApp)
		t.Cleanup(func() { restatetest.StateOf[*Counter](env, "ada").Get("sum", &now) })
	})
	require.Equal(t, 2, now)
}

// endlessClock tells nothing until the test has ended.
type endlessClock struct{ test context.Context }

func (c endlessClock) Now() string {
	<-c.test.Done()
	return "late"
}

func TestWithinTimeOfATestWithADeadline(t *testing.T) {
	t.Parallel()
	// Nothing to wait for: the least that can be given is enough.
	env := restatetest.Start(t, counters(), restatetest.Within(time.Hour))
	env.Eventually(func() error { return nil })
	env.Until(func() bool { return true }, "the truth")
}
