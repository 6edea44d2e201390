package integration_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
)

func TestWithoutRegisterNothingCallsTheAdminAPI(t *testing.T) {
	t.Parallel()
	p, name, cfg := newProxy(t, server.AdminURL()), unique("job"), config()
	cfg.Admin.URL, cfg.Register = p.URL, nil
	a := startWith(t, cfg, fxrestate.Service[*Job](newJob, fxrestate.Name(name)))
	require.NoError(t, a.health.Ready())
	require.Empty(t, p.seen("", ""))
	require.False(t, known(t, name))
}

func TestEveryAdminCallCarriesTheTokenAndTheHeaders(t *testing.T) {
	t.Parallel()
	p, cfg := newProxy(t, server.AdminURL()), config()
	p.token = "s3cret-token"
	cfg.Admin = admin.Config{URL: p.URL, AuthToken: p.token, Headers: map[string]string{"X-Tenant": "acme"}}
	a := startWith(t, cfg, fxrestate.Service[*Job](newJob, fxrestate.Name(unique("job"))))

	require.NotEmpty(t, p.seen(http.MethodGet, ""))
	require.Len(t, p.seen(http.MethodPost, "/deployments"), 1)
	for _, r := range p.seen("", "") {
		require.Equal(t, "Bearer s3cret-token", r.header.Get("Authorization"), "%s %s", r.method, r.path)
		require.Equal(t, "acme", r.header.Get("X-Tenant"), "%s %s", r.method, r.path)
	}
	for _, line := range a.logs.All() {
		require.NotContains(t, fmt.Sprint(line.Message, line.ContextMap()), "s3cret")
	}
}

func TestWithoutATokenNoneIsSent(t *testing.T) {
	t.Parallel()
	p, cfg := newProxy(t, server.AdminURL()), config()
	cfg.Admin.URL = p.URL
	startWith(t, cfg, fxrestate.Service[*Job](newJob, fxrestate.Name(unique("job"))))
	for _, r := range p.seen("", "") {
		require.NotContains(t, r.header, "Authorization")
	}
}

func TestWrongTokenFailsTheStartWithWhatToDo(t *testing.T) {
	t.Parallel()
	p, cfg, name := newProxy(t, server.AdminURL()), config(), unique("job")
	p.token = "right-token"
	cfg.Admin = admin.Config{URL: p.URL, AuthToken: "wrong-token"}
	a := build(t, fx.Supply(cfg), fxrestate.Service[*Job](newJob, fxrestate.Name(name)))
	err := a.tryStart(t)
	require.ErrorContains(t, err, "401")
	require.ErrorContains(t, err, "check the admin API's auth token")
	require.NotContains(t, err.Error(), "wrong-token")
	require.NoError(t, refused(a.url()), "nothing is left running")
	require.False(t, known(t, name))
}

func TestRegistrationSaysAllExplicitly(t *testing.T) {
	t.Parallel()
	no := false
	for name, test := range map[string]struct {
		change func(*deployment.Config)
		want   map[string]any
	}{
		"by default": {func(*deployment.Config) {}, map[string]any{"force": true}},
		"with everything": {
			func(c *deployment.Config) {
				c.Force, c.UseHTTP11 = &no, true
				c.Metadata = map[string]string{"version": "2.1.0"}
				c.AdditionalHeaders = map[string]string{"x-gateway": "open sesame"}
			},
			map[string]any{
				"force": false, "use_http_11": true, "metadata": map[string]any{"version": "2.1.0"},
				"additional_headers": map[string]any{"x-gateway": "open sesame"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, cfg := newProxy(t, server.AdminURL()), config()
			cfg.Admin.URL = p.URL
			mount := underNewPath(&cfg)
			test.change(cfg.Register)
			a := startWith(t, cfg, fxrestate.Service[*Job](newJob, fxrestate.Name(unique("job"))))
			test.want["uri"] = a.url() + mount
			var sent map[string]any
			require.NoError(t, json.Unmarshal(p.seen(http.MethodPost, "/deployments")[0].body, &sent))
			require.Equal(t, test.want, sent)
		})
	}
}

// underNewPath serves an application under a path that no other has, and returns it:
// a free port may have been registered for an application that ended, and without
// Force a URL that is known is left as it is.
func underNewPath(cfg *fxrestate.Config) string {
	path := "/" + unique("mount")
	cfg.Register.URL += path
	cfg.Endpoint.Configure = func(srv *http.Server) {
		srv.Handler = srv.Handler.(*endpoint.Endpoint).Under(path)
	}
	return path
}

func TestDeploymentShowsWhatWasConfigured(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	gateway := map[string]bool{} // path -> the header was there
	job, name, cfg := newJob(), unique("job"), config()
	job.succeed = true
	cfg.Register.Metadata = map[string]string{"version": "2.1.0"}
	cfg.Register.AdditionalHeaders = map[string]string{"x-gateway": "open sesame"}
	cfg.Register.UseHTTP11 = true
	cfg.Endpoint.Configure = func(srv *http.Server) {
		next := srv.Handler
		srv.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			gateway[r.Proto+" "+r.URL.Path] = r.Header.Get("X-Gateway") == "open sesame"
			mu.Unlock()
			next.ServeHTTP(w, r)
		})
	}
	startWith(t, cfg, fxrestate.Service[*Job](made(job), fxrestate.Name(name)))
	require.Equal(t, http.StatusOK, call(t, path(name, "Plain"), nil).status)

	d, err := adminAPI.Deployment(t.Context(), service(t, name).DeploymentID)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"version": "2.1.0"}, d.Metadata)
	require.Equal(t, "HTTP/1.1", d.HTTPVersion)
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, map[string]bool{"HTTP/1.1 /discover": true, "HTTP/1.1 /invoke/" + name + "/Plain": true}, gateway)
}

func TestEndpointIsABidirectionalStreamOverHTTP2(t *testing.T) {
	t.Parallel()
	name := unique("job")
	start(t, fxrestate.Service[*Job](newJob, fxrestate.Name(name)))
	d, err := adminAPI.Deployment(t.Context(), service(t, name).DeploymentID)
	require.NoError(t, err)
	require.Equal(t, "HTTP/2.0", d.HTTPVersion)
	require.Equal(t, "BidiStream", d.ProtocolType)
}

func TestRegisteringAgainReplacesTheDeployment(t *testing.T) {
	t.Parallel()
	name := unique("depot")
	a := start(t, fxrestate.Object[Depot](made(Depot{}), fxrestate.Name(name)))
	first := service(t, name)
	require.Equal(t, 1, first.Revision)
	a.RequireStop()

	cfg := config()
	cfg.Endpoint.Addr = a.endpoint.Addr().String()
	startWith(t, cfg, fxrestate.Object[Depot](made(Depot{}), fxrestate.Name(name), restate.WithDocumentation("changed")))
	again := service(t, name)
	require.Equal(t, first.Revision+1, again.Revision)
	require.Equal(t, "changed", again.Documentation)
}

func TestKnownURLWithoutForceIsReportedWhenItServesSomethingElse(t *testing.T) {
	t.Parallel()
	before, after, no := unique("job"), unique("job"), false
	a := start(t, fxrestate.Service[*Job](newJob, fxrestate.Name(before)))
	a.RequireStop()

	cfg := config()
	cfg.Endpoint.Addr, cfg.Register.Force = a.endpoint.Addr().String(), &no
	b := build(t, fx.Supply(cfg), fxrestate.Service[*Job](newJob, fxrestate.Name(after)))
	err := b.tryStart(t)
	var notServed *deployment.NotServedError
	require.ErrorAs(t, err, &notServed)
	require.ErrorContains(t, err, fmt.Sprintf("%q is not known to the server", after))
	require.NoError(t, refused(a.url()), "nothing is left running")
}

func TestRefusalOfTheServerIsShownWithItsCodeAndWhatToDo(t *testing.T) {
	t.Parallel()
	name, no, cfg := unique("job"), false, config()
	start(t, fxrestate.Service[*Job](newJob, fxrestate.Name(name)))
	cfg.Register.Force = &no
	underNewPath(&cfg)
	b := build(t, fx.Supply(cfg), fxrestate.Object[Depot](made(Depot{}), fxrestate.Name(name)))
	began := time.Now()
	err := b.tryStart(t)
	var refusal *admin.Error
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, "META0006", refusal.Code)
	require.ErrorContains(t, err, "fxrestate: the endpoint is not registered: deployment: register http://127.0.0.1:")
	require.ErrorContains(t, err, "a service changed its type or lost handlers: rename the service")
	require.Less(t, time.Since(began), 10*time.Second, "trying again would be in vain")
	require.NoError(t, refused(b.url()))
}

// An old server asks for an old version of discovery, as this one does when its
// Accept is rewritten on the way.
func TestOptionThatDiscoveryLacksIsShownWithWhatToDo(t *testing.T) {
	t.Parallel()
	for version, test := range map[string]struct {
		option restate.ServiceDefinitionOption
		want   string
	}{
		"v3": {quickly(), "InvocationRetryPolicy option requires discovery protocol version 4 or higher"},
		"v2": {restate.WithAbortTimeout(time.Minute), "AbortTimeout option requires discovery protocol version 3 or higher"},
		"v1": {restate.WithDocumentation("none"), "Unsupported service discovery protocol version"},
	} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			cfg := config()
			cfg.Endpoint.Configure = func(srv *http.Server) {
				next := srv.Handler
				srv.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/discover" {
						r.Header.Set("Accept", "application/vnd.restate.endpointmanifest."+version+"+json")
					}
					next.ServeHTTP(w, r)
				})
			}
			a := build(t, fx.Supply(cfg), fx.StartTimeout(patience), fxrestate.Service[*Job](newJob, fxrestate.Name(unique("job")), test.option))
			err := a.tryStart(t)
			require.ErrorContains(t, err, test.want)
			require.ErrorContains(t, err, "leave the option out or upgrade the server")
			require.NotContains(t, err.Error(), "cannot reach the endpoint")
			require.ErrorContains(t, err, "1 attempt in ", "trying again would be in vain")
		})
	}
}

func TestRequiredRegistrationFailsTheStartInTimeWithWhatWasTried(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*fxrestate.Config)
		want   []string
	}{
		"when the admin API is down": {
			func(c *fxrestate.Config) { c.Admin.URL = "http://127.0.0.1:1" },
			[]string{"with http://127.0.0.1:1: gave up after ", " attempts in ", "connection refused"},
		},
		"when the server cannot reach the endpoint": {
			func(c *fxrestate.Config) { c.Register.URL = "http://127.0.0.1:1" },
			[]string{"register http://127.0.0.1:1 with", "META0003", "the server cannot reach the endpoint: its URL must lead there from where the server runs"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const timeout = fx.DefaultTimeout // a tenth of it is left to the end of the start
			cfg := config()
			test.change(&cfg)
			a := build(t, fx.Supply(cfg), fx.StartTimeout(timeout), fxrestate.Service[*Job](newJob, fxrestate.Name(unique("job"))))
			ctx, cancel := context.WithTimeout(t.Context(), a.StartTimeout())
			defer cancel()
			began := time.Now()
			err := a.Start(ctx)
			require.Less(t, time.Since(began), timeout)
			require.NoError(t, ctx.Err(), "the start ends before fx's timeout does")
			for _, want := range test.want {
				require.ErrorContains(t, err, want)
			}
			require.NoError(t, refused(a.url()), "nothing is left running")
			require.Error(t, a.health.Ready())
		})
	}
}

func TestApplicationThatStartsBeforeTheServerIsRegisteredLater(t *testing.T) {
	t.Parallel()
	reserved, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	adminPort := reserved.Addr().(*net.TCPAddr).Port
	require.NoError(t, reserved.Close())

	job, cfg := newJob(), config()
	job.succeed = true
	cfg.Admin.URL = fmt.Sprintf("http://127.0.0.1:%d", adminPort)
	cfg.Register.Required = false
	a := build(t, fx.Supply(cfg), fx.StartTimeout(time.Second), fxrestate.Service[*Job](made(job)))
	require.NoError(t, a.tryStart(t))
	t.Cleanup(a.RequireStop)

	require.Equal(t, http.StatusOK, request(t, http.MethodGet, a.url()+"/health", nil).status, "it serves")
	require.NoError(t, a.health.Live())
	require.ErrorContains(t, a.health.Ready(), "connection refused")
	probe := httptest.NewRecorder()
	a.health.ReadyHandler().ServeHTTP(probe, httptest.NewRequest(http.MethodGet, "/", nil))
	require.Equal(t, http.StatusServiceUnavailable, probe.Code)
	require.Contains(t, probe.Body.String(), "connection refused")
	require.Len(t, a.lines("not registered; the application serves and keeps trying"), 1)

	serverCfg := serverConfig()
	serverCfg.AdminPort = adminPort
	srv := startServerOf(t, serverCfg)
	eventually(t, a.health.Ready)
	require.Equal(t, http.StatusOK, call(t, srv.IngressURL()+"/Job/Plain", nil).status)
	require.Len(t, a.lines("registered with Restate"), 1)
}

func TestStartWaitsForAServerThatStarts(t *testing.T) {
	t.Parallel()
	cfg, serverCfg := config(), serverConfig()
	reserved, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	serverCfg.AdminPort = reserved.Addr().(*net.TCPAddr).Port
	require.NoError(t, reserved.Close())
	cfg.Admin.URL = fmt.Sprintf("http://127.0.0.1:%d", serverCfg.AdminPort)
	a := build(t, fx.Supply(cfg), fxrestate.Service[*Job](newJob))

	started := make(chan error, 1)
	go func() { started <- a.tryStart(t) }()
	eventually(t, func() error {
		if len(a.lines("waiting for the Restate admin API")) == 0 {
			return errors.New("it does not wait")
		}
		return nil
	})
	srv, err := devserver.Start(t.Context(), serverCfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, srv.Stop(context.Background())) })
	require.NoError(t, receive(t, started, "the start"))
	t.Cleanup(a.RequireStop)
	require.NoError(t, a.health.Ready())
}

func TestTwoApplicationsOnFreePortsAreTwoDeployments(t *testing.T) {
	t.Parallel()
	one, two := unique("job"), unique("job")
	a := start(t, fxrestate.Service[*Job](newJob, fxrestate.Name(one)))
	b := start(t, fxrestate.Service[*Job](newJob, fxrestate.Name(two)))
	a.serves(t, one)
	b.serves(t, two)
	require.NotEqual(t, a.url(), b.url())
}

func TestRegistrationThatCannotWorkIsAnErrorOfNew(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*fxrestate.Config)
		want   string
	}{
		"without a URL": {func(c *fxrestate.Config) { c.Register.URL = "" }, "deployment: URL \"\": is empty"},
		"a port that there is not": {
			func(c *fxrestate.Config) { c.Endpoint = endpoint.Config{Mode: endpoint.Mounted} },
			"a mounted endpoint has no port of its own: write the port of your server",
		},
		"of a Lambda function": {
			func(c *fxrestate.Config) { c.Endpoint = endpoint.Config{Mode: endpoint.Lambda} },
			"a Lambda function is registered by its ARN when it is published: leave it nil",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := config()
			test.change(&cfg)
			err := newError(t, fx.Supply(cfg), fxrestate.Service[*Job](newJob))
			require.ErrorContains(t, err, test.want)
			require.True(t, strings.Contains(err.Error(), "fxrestate: Register") || strings.Contains(err.Error(), "deployment: URL"))
		})
	}
}
