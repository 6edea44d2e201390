package deployment_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/internal/testkit"
)

func tagged(name string, metadata map[string]string, handlers ...string) restate.ServiceDefinition {
	def := restate.NewService(name, restate.WithMetadataMap(metadata))
	for _, h := range append([]string{"Echo"}, handlers...) {
		def.Handler(h, restate.NewServiceHandler(echo))
	}
	return def
}

type hook = deployment.OnMetadataChange

// What the hook is told, in both modes, with the requests that it costs.
func TestWhatTheHookIsTold(t *testing.T) {
	t.Parallel()
	type change = deployment.MetadataChange
	one, two := map[string]string{"revision": "1"}, map[string]string{"revision": "2"}
	type services func(name string) []restate.ServiceDefinition
	only := func(metadata map[string]string, handlers ...string) services {
		return func(name string) []restate.ServiceDefinition {
			return []restate.ServiceDefinition{tagged(name, metadata, handlers...)}
		}
	}
	for _, row := range []struct {
		name     string
		old, new services // old nil: nothing is registered
		told     []change // of service "", which stands for the name
		calls    []string // in production
	}{
		{"a change", only(one), only(two), []change{{Kind: deployment.KindService, Old: one, New: two}}, []string{"GET", "dry", "hook", "POST", "GET ID", "GET"}},
		{"metadata that is new", only(nil), only(one), []change{{Kind: deployment.KindService, New: one}}, []string{"GET", "dry", "hook", "POST", "GET ID", "GET"}},
		{"metadata that is gone", only(one), only(nil), []change{{Kind: deployment.KindService, Old: one}}, []string{"GET", "dry", "hook", "POST", "GET ID", "GET"}},
		{"a change with another interface", only(one), only(two, "More"), []change{{Kind: deployment.KindService, Old: one, New: two}}, []string{"GET", "dry", "GET ID", "hook", "query", "POST", "GET ID", "GET"}},
		{
			"a service that is gone", func(name string) []restate.ServiceDefinition {
				return []restate.ServiceDefinition{tagged(name, one), tagged(name+"Gone", one)}
			}, only(one), []change{{Service: "Gone", Kind: deployment.KindUnknown, Old: one}}, []string{"GET", "dry", "GET ID", "hook", "query", "POST", "GET ID", "GET"},
		},
		{
			"an object that is new", only(one), func(name string) []restate.ServiceDefinition {
				return []restate.ServiceDefinition{tagged(name, one), restate.NewObject(name+"Object", restate.WithMetadataMap(two)).Handler("Echo", restate.NewObjectHandler(
					func(_ restate.ObjectContext, in string) (string, error) { return in, nil }))}
			}, []change{{Service: "Object", Kind: deployment.KindVirtualObject, New: two}}, []string{"GET", "dry", "GET ID", "hook", "query", "POST", "GET ID", "GET"},
		},
		{"no change in another order", only(map[string]string{"a": "1", "b": "2"}), only(map[string]string{"b": "2", "a": "1"}), nil, []string{"GET"}},
		{"nothing registered", nil, only(one), nil, []string{"GET", "POST", "GET ID", "GET"}},
	} {
		for _, mode := range []deployment.Mode{deployment.Production, deployment.Development} {
			t.Run(fmt.Sprint(row.name, " in ", mode), func(t *testing.T) {
				t.Parallel()
				name := testkit.Unique("Told")
				app := serve(t)
				cfg := deployment.Config{Mode: mode, URL: fixed(app) + "/" + name, Application: name}
				revision := 0
				if row.old != nil {
					app.deploy(t, row.old(name)...)
					register(t, cfg, app.at())
					revision = 1
				}
				app.deploy(t, row.new(name)...)
				gate := newGateway(t, nil)
				var told []change
				cfg.OnDeploymentMetadataChange = func(ctx context.Context, changes []change, client *admin.Client) error {
					told = append(told, changes...)
					gate.mu.Lock()
					gate.calls = append(gate.calls, adminCall{line: "hook"})
					gate.mu.Unlock()
					require.Equal(t, gate.url, client.URL())
					now, err := testkit.Admin().Service(ctx, name)
					require.NoError(t, err)
					require.Equal(t, revision, now.Revision, "the registration comes after the hook")
					return nil
				}
				registration, err := newRegistrar(t, newClient(t, admin.Config{URL: gate.url}), cfg, nil).Register(testkit.Context(t), app.at())
				require.NoError(t, err)
				var want []change
				for _, c := range row.told {
					c.Service = name + c.Service
					want = append(want, c)
				}
				require.Equal(t, want, told)
				require.Equal(t, want, registration.Plan.Metadata)
				calls, _ := gate.made("")
				if mode == deployment.Production {
					short := map[string]string{
						"GET /deployments": "GET", "POST /deployments": "POST", "POST /deployments dry": "dry",
						"GET /deployments/ID": "GET ID", "POST /query": "query", "hook": "hook",
					}
					var got []string
					for _, line := range lines(calls) {
						got = append(got, short[line])
					}
					require.Equal(t, row.calls, got)
				}
				// What was told is stored, and is not told again.
				again, err := newRegistrar(t, newClient(t, admin.Config{}), cfg, nil).Register(testkit.Context(t), app.at())
				require.NoError(t, err)
				require.Empty(t, again.Plan.Metadata)
				require.Len(t, told, len(want))
			})
		}
	}
}

func TestHookThatFailsAbortsTheRegistration(t *testing.T) {
	t.Parallel()
	failure := errors.New("stale invocations")
	for _, row := range []struct {
		name string
		hook hook
		want string
		is   error
	}{
		{"returns an error", func(context.Context, []deployment.MetadataChange, *admin.Client) error { return failure }, "stale invocations", failure},
		{"panics", func(context.Context, []deployment.MetadataChange, *admin.Client) error { panic("oh") }, "it panicked: oh", nil},
		{"panics with nothing", func(context.Context, []deployment.MetadataChange, *admin.Client) error { panic(nil) }, "it panicked: ", nil},
		{"ends its goroutine", func(context.Context, []deployment.MetadataChange, *admin.Client) error { runtime.Goexit(); return nil }, "it ended its goroutine", nil},
		{"ends with the context", func(ctx context.Context, _ []deployment.MetadataChange, _ *admin.Client) error {
			<-ctx.Done()
			return ctx.Err()
		}, "context deadline exceeded", context.DeadlineExceeded},
		{"never returns", nil, "it has not returned: context deadline exceeded", context.DeadlineExceeded},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			app, name := serve(t), testkit.Unique("Aborted")
			app.deploy(t, tagged(name, map[string]string{"revision": "1"}))
			cfg := deployment.Config{URL: fixed(app), Application: name}
			register(t, cfg, app.at())
			app.deploy(t, tagged(name, map[string]string{"revision": "2"}, "More"))
			var called atomic.Int32
			released := make(chan struct{})
			defer close(released)
			ctx, cancel := testkit.Context(t), func() {}
			cfg.OnDeploymentMetadataChange = func(ctx context.Context, changes []deployment.MetadataChange, client *admin.Client) error {
				called.Add(1)
				if row.hook == nil {
					<-released
					return nil
				}
				return row.hook(ctx, changes, client)
			}
			if errors.Is(row.is, context.DeadlineExceeded) {
				ctx, cancel = context.WithTimeout(ctx, 3*time.Second)
			}
			defer cancel()
			gate := newGateway(t, nil)
			_, err := newRegistrar(t, newClient(t, admin.Config{URL: gate.url}), cfg, nil).Register(ctx, app.at())
			var aborted *deployment.AbortedError
			require.ErrorAs(t, err, &aborted)
			require.ErrorContains(t, err, row.want)
			require.ErrorContains(t, err, "OnDeploymentMetadataChange aborted the registration")
			require.ErrorContains(t, err, fmt.Sprintf("%q", name))
			require.ErrorContains(t, err, cfg.URL)
			if row.is != nil {
				require.ErrorIs(t, err, row.is)
			}
			require.EqualValues(t, 1, called.Load())
			calls, _ := gate.made("")
			for _, call := range calls {
				require.False(t, isRegistration(call), "nothing is registered")
			}
			require.Equal(t, 1, testkit.ServiceOf(t, name).Revision)
		})
	}
}

func TestHookThatChangesItsArgumentsChangesNothingElse(t *testing.T) {
	t.Parallel()
	app, name := serve(t), testkit.Unique("Changed")
	app.deploy(t, tagged(name, map[string]string{"revision": "1"}))
	cfg := deployment.Config{Mode: deployment.Production, URL: fixed(app), Application: name}
	register(t, cfg, app.at())
	app.deploy(t, tagged(name, map[string]string{"revision": "2"}))

	// The registration fails at first, and is tried again without telling again.
	var posts, told atomic.Int32
	gate := newGateway(t, func(w http.ResponseWriter, call adminCall) bool {
		if !isRegistration(call) || posts.Add(1) > 2 {
			return false
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	cfg.OnDeploymentMetadataChange = func(_ context.Context, changes []deployment.MetadataChange, _ *admin.Client) error {
		told.Add(1)
		changes[0].New["revision"], changes[0].Old["revision"], changes[0].Service = "x", "y", "z"
		return nil
	}
	registration, err := newRegistrar(t, newClient(t, admin.Config{URL: gate.url}), cfg, nil).Register(testkit.Context(t), app.at())
	require.NoError(t, err)
	require.EqualValues(t, 3, posts.Load())
	require.EqualValues(t, 1, told.Load())
	require.Equal(t, []deployment.MetadataChange{{
		Service: name, Kind: deployment.KindService, Old: map[string]string{"revision": "1"}, New: map[string]string{"revision": "2"},
	}}, registration.Plan.Metadata)
	require.Equal(t, map[string]string{"revision": "2"}, testkit.ServiceOf(t, name).Metadata)
}

func TestHookCancelsStaleInvocationsBeforeThePolicyLooks(t *testing.T) {
	t.Parallel()
	app, name := serve(t), testkit.Unique("Stale")
	app.deploy(t, waiting(name))
	cfg := deployment.Config{Mode: deployment.Production, URL: fixed(app), Application: name}
	old := register(t, cfg, app.at())
	id := beginWaiting(t, name)
	app.deploy(t, waiting(name, "More"))

	_, err := newRegistrar(t, newClient(t, admin.Config{}), cfg, nil).Register(testkit.Context(t), app.at())
	var inFlight *deployment.InFlightError
	require.ErrorAs(t, err, &inFlight, "in production it is refused")

	app.deploy(t, tagged(name+"Tag", map[string]string{"revision": "2"}), waiting(name, "More"))
	cfg.OnDeploymentMetadataChange = func(ctx context.Context, changes []deployment.MetadataChange, client *admin.Client) error {
		stale, err := client.Invocations(ctx, admin.InvocationFilter{DeploymentIDs: []string{old.DeploymentID}})
		if err != nil {
			return err
		}
		for _, i := range stale {
			if err := client.KillInvocation(ctx, i.ID); err != nil {
				return err
			}
		}
		return deployment.AwaitDrained(ctx, client, old.DeploymentID, nil)
	}
	registration, err := newRegistrar(t, newClient(t, admin.Config{}), cfg, nil).Register(testkit.Context(t), app.at())
	require.NoError(t, err)
	require.Equal(t, deployment.Replace, registration.Plan.Action)
	require.Empty(t, registration.Plan.InFlight)
	require.Equal(t, http.StatusConflict, testkit.Attach(t, id).Status)
}

// An additional header is listed in lower case, and a start with it is unchanged.
func TestStartWithHeadersOrHTTP11IsUnchanged(t *testing.T) {
	t.Parallel()
	app, name := serve(t), testkit.Unique("Same")
	app.deploy(t, service(name))
	cfg := production(app)
	cfg.Application, cfg.AdditionalHeaders = name, map[string]string{"X-Gateway-Key": "a"}
	for _, row := range []struct {
		name   string
		http11 bool
		action deployment.Action
	}{
		{"the first", false, deployment.Create},
		{"the same", false, deployment.None},
		{"HTTP/1.1", true, deployment.Update},
		{"HTTP/1.1 again", true, deployment.None},
		{"back", false, deployment.Update},
		{"and again", false, deployment.None},
	} {
		t.Run(row.name, func(t *testing.T) {
			cfg.UseHTTP11 = row.http11
			require.Equal(t, row.action, register(t, cfg, app.at()).Plan.Action)
		})
	}
}
