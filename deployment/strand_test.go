package deployment_test

import (
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/internal/testkit"
)

// parked is a service whose handler waits until it is told to go on. It is tried again
// soon, and often.
func parked(name string, awakeables chan<- string, handlers ...string) restate.ServiceDefinition {
	def := restate.NewService(name, testkit.RetrySoon()).Handler("Park", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (string, error) {
		if _, err := restate.Run(ctx, func(restate.RunContext) (int, error) { return 1, nil }, restate.WithName("begin")); err != nil {
			return "", err
		}
		signal := restate.Awakeable[string](ctx)
		select {
		case awakeables <- signal.Id():
		default: // a further attempt
		}
		return signal.Result()
	}))
	for _, h := range handlers {
		def.Handler(h, restate.NewServiceHandler(echo))
	}
	return def
}

func park(t testing.TB, name string) string {
	t.Helper()
	id := testkit.Submit(t, testkit.Path(name, "Park"), nil)
	testkit.AwaitEntry(t, testkit.Admin(), id, "Run begin")
	return id
}

// A process on a port that the system chose ends with invocations in flight, and comes
// back on another port.
func TestInvocationsLeftAtAnotherPort(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		// path has a second {{port}}, as the URL of a tunnel does.
		path string
		mode deployment.Mode
		// ports is how many processes came and went.
		ports   int
		move    bool
		changed bool // the interface, since
		lives   bool // a replica still listens there
		// idle: the last process that came and went had no invocation, and is the one that
		// new invocations go to. Nothing says that it may be taken over.
		idle bool
	}{
		{name: "they are named in development", mode: deployment.Development, ports: 1},
		{name: "they are named in production", mode: deployment.Production, ports: 1},
		{name: "they are moved and finish", mode: deployment.Production, ports: 1, move: true},
		{name: "they are moved in development", mode: deployment.Development, ports: 1, move: true},
		{name: "several ports are moved in production", mode: deployment.Production, ports: 3, move: true},
		{name: "several ports are moved in development", mode: deployment.Development, ports: 3, move: true},
		{name: "a changed interface is not moved", mode: deployment.Production, ports: 1, move: true, changed: true},
		{name: "a replica that lives is left alone", mode: deployment.Production, ports: 1, move: true, lives: true},
		{name: "after a process that had none they are moved in production", mode: deployment.Production, ports: 1, move: true, idle: true},
		{name: "the port is in the path, too", path: "/tunnel/{{port}}", mode: deployment.Production, ports: 1, move: true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			name, awakeables := testkit.Unique("Left"), make(chan string, 100)
			cfg := deployment.Config{
				Mode: row.mode, Application: name, Superseded: deployment.TakeOver, MoveStranded: row.move,
				URL: "http://" + testkit.Server().EndpointHost() + ":{{port}}/" + name + row.path,
			}
			moving := cfg
			cfg.MoveStranded = false
			var ids, deployments []string
			for range row.ports {
				app := serve(t, parked(name, awakeables))
				deployments = append(deployments, register(t, cfg, app.at()).DeploymentID)
				ids = append(ids, park(t, name))
				if !row.lives {
					app.stop()
				}
			}
			if row.idle {
				last := serve(t, parked(name, awakeables))
				register(t, cfg, last.at())
				last.stop()
				moving.Superseded = ""
			}
			var more []string
			if row.changed {
				more = []string{"More"}
			}
			app := serve(t, parked(name, awakeables, more...))
			var log logLines
			registration, err := newRegistrar(t, newClient(t, admin.Config{}), moving, log.logger()).Register(testkit.Context(t), app.at())
			require.NoError(t, err)
			all := strings.Join(log.all(), "\n")
			require.Equal(t, registration.DeploymentID, testkit.ServiceOf(t, name).DeploymentID)
			if row.lives {
				require.Empty(t, registration.Plan.Stranded)
				require.NotContains(t, all, "nobody listens")
				require.Equal(t, deployments[0], testkit.Look(t, ids[0]).Deployment)
				return
			}
			require.Len(t, registration.Plan.Stranded, row.ports)
			if !row.move || row.changed {
				require.Equal(t, 1, strings.Count(all, "invocations are in flight at a port where nobody listens"), all)
				require.Contains(t, all, "deployment="+deployments[0])
				require.Contains(t, all, "invocations=1")
				require.Contains(t, all, name+"/Park 1")
				way := "PATCH /deployments/" + deployments[0]
				if row.changed {
					way = "its interface differs from this one"
				}
				require.Contains(t, all, way)
				return
			}
			require.Equal(t, row.ports, strings.Count(all, "moved a deployment of an earlier process here"), all)
			testkit.Eventually(t, func() error { // a further attempt tells its awakeable again
				for len(awakeables) > 0 {
					testkit.Post(t, testkit.Path("restate", "awakeables", <-awakeables, "resolve"), "on")
				}
				left, err := testkit.Admin().Invocations(t.Context(), admin.InvocationFilter{Services: []string{name}})
				if err == nil && len(left) > 0 {
					err = fmt.Errorf("%d invocations are left", len(left))
				}
				return err
			})
			for i, id := range ids {
				require.Equal(t, "on", testkit.Decode[string](t, testkit.Attach(t, id)))
				require.Equal(t, deployments[i], testkit.Look(t, id).Deployment)
			}
			again, err := newRegistrar(t, newClient(t, admin.Config{}), moving, nil).Register(testkit.Context(t), app.at())
			require.NoError(t, err)
			require.Empty(t, again.Plan.Stranded)
			require.True(t, again.DeploymentID == registration.DeploymentID || slices.Contains(deployments, again.DeploymentID))
		})
	}
}

// The server reaches the endpoint through a tunnel: the port is in the path, and the host
// of the URL says nothing about who listens.
func TestReplicaBehindATunnelIsNotStranded(t *testing.T) {
	t.Parallel()
	name, awakeables := testkit.Unique("Tunnel"), make(chan string, 10)
	// A tunnel leads to the port that is the last element of the path.
	tunnel := &tunnel{}
	host := testkit.Listen(t, tunnel)
	cfg := deployment.Config{Mode: deployment.Production, Application: name, Superseded: deployment.TakeOver, MoveStranded: true, URL: "http://" + host + "/" + name + "/http/localhost/{{port}}"}
	old := serve(t, parked(name, awakeables))
	tunnel.lead(t, old)
	register(t, cfg, old.at())
	id := park(t, name)
	fresh := serve(t, parked(name, awakeables))
	tunnel.lead(t, fresh)

	plan, err := newRegistrar(t, newClient(t, admin.Config{}), cfg, nil).Plan(testkit.Context(t), fresh.at())
	require.NoError(t, err)
	require.Empty(t, plan.Stranded, "it lives")

	old.stop()
	registration := register(t, cfg, fresh.at())
	require.Len(t, registration.Plan.Stranded, 1)
	testkit.Post(t, testkit.Path("restate", "awakeables", testkit.Receive(t, awakeables), "resolve"), "on")
	require.Equal(t, "on", testkit.Decode[string](t, testkit.Attach(t, id)))
}

// tunnel leads requests to the endpoint whose port is in their path.
type tunnel struct {
	mu    sync.Mutex
	ports map[string]*httputil.ReverseProxy
}

func (tu *tunnel) lead(t testing.TB, e *endpoint) {
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: &protocols}
	t.Cleanup(transport.CloseIdleConnections)
	to := &url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", e.port)}
	tu.mu.Lock()
	defer tu.mu.Unlock()
	if tu.ports == nil {
		tu.ports = map[string]*httputil.ReverseProxy{}
	}
	tu.ports[fmt.Sprint(e.port)] = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }, Transport: transport, FlushInterval: -1,
	}
}

func (tu *tunnel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tu.mu.Lock()
	var proxy *httputil.ReverseProxy
	for _, segment := range strings.Split(r.URL.Path, "/") {
		if p, ok := tu.ports[segment]; ok {
			proxy = p
		}
	}
	tu.mu.Unlock()
	proxy.ServeHTTP(w, r)
}
