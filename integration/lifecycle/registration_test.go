package lifecycle_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
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
	"github.com/fxrestate/go/integration/internal/sample"
	"github.com/fxrestate/go/internal/testkit"
)

func TestWithoutRegisterNothingCallsTheAdminAPI(t *testing.T) {
	t.Parallel()
	p, name, cfg := testkit.NewProxy(t, testkit.Server().AdminURL()), testkit.Unique("job"), testkit.Config()
	cfg.Admin.URL, cfg.Register = p.URL, nil
	a := testkit.StartWith(t, cfg, fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(name)))
	require.NoError(t, a.Health.Ready())
	require.Empty(t, p.Seen("", ""))
	require.False(t, testkit.Known(t, name))
}

func TestEveryAdminCallCarriesTheTokenAndTheHeaders(t *testing.T) {
	t.Parallel()
	p, cfg := testkit.NewProxy(t, testkit.Server().AdminURL()), testkit.Config()
	p.Token = "s3cret-token"
	cfg.Admin = admin.Config{URL: p.URL, AuthToken: p.Token, Headers: map[string]string{"X-Tenant": "acme"}}
	a := testkit.StartWith(t, cfg, fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(testkit.Unique("job"))))

	require.NotEmpty(t, p.Seen(http.MethodGet, ""))
	require.Len(t, p.Seen(http.MethodPost, "/deployments"), 1)
	for _, r := range p.Seen("", "") {
		require.Equal(t, "Bearer s3cret-token", r.Header.Get("Authorization"), "%s %s", r.Method, r.Path)
		require.Equal(t, "acme", r.Header.Get("X-Tenant"), "%s %s", r.Method, r.Path)
	}
	for _, line := range a.Logs.All() {
		require.NotContains(t, fmt.Sprint(line.Message, line.ContextMap()), "s3cret")
	}
}

func TestWithoutATokenNoneIsSent(t *testing.T) {
	t.Parallel()
	p, cfg := testkit.NewProxy(t, testkit.Server().AdminURL()), testkit.Config()
	cfg.Admin.URL = p.URL
	testkit.StartWith(t, cfg, fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(testkit.Unique("job"))))
	for _, r := range p.Seen("", "") {
		require.NotContains(t, r.Header, "Authorization")
	}
}

func TestWrongTokenFailsTheStartWithWhatToDo(t *testing.T) {
	t.Parallel()
	p, cfg, name := testkit.NewProxy(t, testkit.Server().AdminURL()), testkit.Config(), testkit.Unique("job")
	p.Token = "right-token"
	cfg.Admin = admin.Config{URL: p.URL, AuthToken: "wrong-token"}
	a := testkit.Build(t, fx.Supply(cfg), fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(name)))
	err := a.TryStart(t)
	require.ErrorContains(t, err, "401")
	require.ErrorContains(t, err, "check the admin API's auth token")
	require.NotContains(t, err.Error(), "wrong-token")
	require.NoError(t, testkit.Refused(a.URL()), "nothing is left running")
	require.False(t, testkit.Known(t, name))
}

func TestRegistrationSaysAllExplicitly(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*deployment.Config)
		want   map[string]any
	}{
		"by default": {func(*deployment.Config) {}, map[string]any{"force": true, "metadata": map[string]any{deployment.ApplicationKey: program(t)}}},
		"with everything": {
			func(c *deployment.Config) {
				c.Mode, c.UseHTTP11, c.Application = deployment.Production, true, "shop"
				c.Metadata = map[string]string{"version": "2.1.0"}
				c.AdditionalHeaders = map[string]string{"x-gateway": "open sesame"}
			},
			map[string]any{
				"force": false, "use_http_11": true, "metadata": map[string]any{"version": "2.1.0", deployment.ApplicationKey: "shop"},
				"additional_headers": map[string]any{"x-gateway": "open sesame"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, cfg := testkit.NewProxy(t, testkit.Server().AdminURL()), testkit.Config()
			cfg.Admin.URL = p.URL
			mount := underNewPath(&cfg)
			test.change(cfg.Register)
			a := testkit.StartWith(t, cfg, fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(testkit.Unique("job"))))
			var sent map[string]any
			require.NoError(t, json.Unmarshal(p.Seen(http.MethodPost, "/deployments")[0].Body, &sent))
			test.want["uri"] = a.URL() + mount
			metadata := sent["metadata"].(map[string]any)
			require.Regexp(t, "^sha256:[0-9a-f]{64}$", metadata[deployment.InterfaceHashKey])
			for _, key := range []string{deployment.InterfaceHashKey, deployment.ManifestHashKey} {
				delete(metadata, key)
			}
			require.Equal(t, test.want, sent)
		})
	}
}

// program is the path of the main package.
func program(t testing.TB) string {
	info, ok := debug.ReadBuildInfo()
	require.True(t, ok)
	return info.Path
}

// underNewPath serves an application under a path that no other has, and returns it:
// a free port may have been registered for an application that ended.
func underNewPath(cfg *fxrestate.Config) string {
	path := "/" + testkit.Unique("mount")
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
	job, name, cfg := sample.NewJob(), testkit.Unique("job"), testkit.Config()
	job.Succeed()
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
	testkit.StartWith(t, cfg, fxrestate.Service[*sample.Job](testkit.Made(job), fxrestate.Name(name)))
	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "Plain"), nil).Status)

	d, err := testkit.Admin().Deployment(t.Context(), testkit.ServiceOf(t, name).DeploymentID)
	require.NoError(t, err)
	require.Equal(t, "2.1.0", d.Metadata["version"])
	require.Equal(t, "HTTP/1.1", d.HTTPVersion)
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, map[string]bool{"HTTP/1.1 /discover": true, "HTTP/1.1 /invoke/" + name + "/Plain": true}, gateway)
}

func TestEndpointIsABidirectionalStreamOverHTTP2(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("job")
	testkit.Start(t, fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(name)))
	d, err := testkit.Admin().Deployment(t.Context(), testkit.ServiceOf(t, name).DeploymentID)
	require.NoError(t, err)
	require.Equal(t, "HTTP/2.0", d.HTTPVersion)
	require.Equal(t, "BidiStream", d.ProtocolType)
}

func TestRegisteringAgainReplacesTheDeployment(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("depot")
	cfg := testkit.Config()
	cfg.Endpoint.Addr = testkit.StableAddr(t)
	a := testkit.StartWith(t, cfg, fxrestate.Object[sample.Depot](testkit.Made(sample.Depot{}), fxrestate.Name(name)))
	first := testkit.ServiceOf(t, name)
	require.Equal(t, 1, first.Revision)
	a.RequireStop()

	testkit.StartWith(t, cfg, fxrestate.Object[sample.Depot](testkit.Made(sample.Depot{}), fxrestate.Name(name), restate.WithDocumentation("changed")))
	again := testkit.ServiceOf(t, name)
	require.Equal(t, first.Revision+1, again.Revision)
	require.Equal(t, "changed", again.Documentation)
}

func TestURLOfAnotherApplicationIsRefused(t *testing.T) {
	t.Parallel()
	before, after, cfg := testkit.Unique("job"), testkit.Unique("job"), testkit.Config()
	cfg.Endpoint.Addr, cfg.Register.Application = testkit.StableAddr(t), "theirs"
	a := testkit.StartWith(t, cfg, fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(before)))
	a.RequireStop()

	addr := cfg.Endpoint.Addr
	cfg = testkit.Config()
	cfg.Endpoint.Addr, cfg.Register.URL = addr, a.URL()
	b := testkit.Build(t, fx.Supply(cfg), fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(after)))
	err := b.TryStart(t)
	var other *deployment.OtherApplicationError
	require.ErrorAs(t, err, &other)
	require.ErrorContains(t, err, fmt.Sprintf(`is registered by the application "theirs" as deployment %s with the services %q, which would be lost`, other.DeploymentID, before))
	require.NoError(t, testkit.Refused(a.URL()), "nothing is left running")
	require.Equal(t, 1, testkit.ServiceOf(t, before).Revision)
}

func TestRefusalOfTheServerIsShownWithItsCodeAndWhatToDo(t *testing.T) {
	t.Parallel()
	name, cfg := testkit.Unique("job"), testkit.Config()
	testkit.Start(t, fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(name)))
	proxy := testkit.NewProxy(t, testkit.Server().AdminURL())
	cfg.Admin.URL, cfg.Register.Mode = proxy.URL, deployment.Production
	underNewPath(&cfg)
	b := testkit.Build(t, fx.Supply(cfg), fxrestate.Object[sample.Depot](testkit.Made(sample.Depot{}), fxrestate.Name(name)))
	err := b.TryStart(t)
	var refusal *admin.Error
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, "META0006", refusal.Code)
	require.ErrorContains(t, err, "fxrestate: the endpoint is not registered: deployment: register http://127.0.0.1:")
	require.ErrorContains(t, err, "a service changed its type or lost handlers: rename the service")
	require.Len(t, proxy.Seen(http.MethodPost, "/deployments"), 2, "trying again would be in vain after the plan")
	require.NoError(t, testkit.Refused(b.URL()))
}

// An old server asks for an old version of discovery, as this one does when its
// Accept is rewritten on the way.
func TestOptionThatDiscoveryLacksIsShownWithWhatToDo(t *testing.T) {
	t.Parallel()
	for version, test := range map[string]struct {
		option restate.ServiceDefinitionOption
		want   string
	}{
		"v3": {testkit.RetrySoon(), "InvocationRetryPolicy option requires discovery protocol version 4 or higher"},
		"v2": {restate.WithAbortTimeout(time.Minute), "AbortTimeout option requires discovery protocol version 3 or higher"},
		"v1": {restate.WithDocumentation("none"), "Unsupported service discovery protocol version"},
	} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			cfg := testkit.Config()
			cfg.Endpoint.Configure = func(srv *http.Server) {
				next := srv.Handler
				srv.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/discover" {
						r.Header.Set("Accept", "application/vnd.restate.endpointmanifest."+version+"+json")
					}
					next.ServeHTTP(w, r)
				})
			}
			a := testkit.Build(t, fx.Supply(cfg), fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(testkit.Unique("job")), test.option))
			err := a.TryStart(t)
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
			const timeout = 20 * time.Second // of which the most is left that a start leaves
			cfg := testkit.Config()
			test.change(&cfg)
			a := testkit.Build(t, fx.Supply(cfg), fx.StartTimeout(timeout), fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(testkit.Unique("job"))))
			ctx, cancel := context.WithTimeout(t.Context(), a.StartTimeout())
			defer cancel()
			began := time.Now()
			err := a.Start(ctx)
			require.Less(t, time.Since(began), timeout)
			require.NoError(t, ctx.Err(), "the start ends before fx's timeout does")
			for _, want := range test.want {
				require.ErrorContains(t, err, want)
			}
			require.NoError(t, testkit.Refused(a.URL()), "nothing is left running")
			require.Error(t, a.Health.Ready())
		})
	}
}

func TestApplicationThatStartsBeforeTheServerIsRegisteredLater(t *testing.T) {
	t.Parallel()
	adminPort, job, cfg := testkit.StablePort(t), sample.NewJob(), testkit.Config()
	job.Succeed()
	cfg.Admin.URL = fmt.Sprintf("http://127.0.0.1:%d", adminPort)
	cfg.Register.Required = false
	a := testkit.Build(t, fx.Supply(cfg), fxrestate.Service[*sample.Job](testkit.Made(job)))
	require.NoError(t, a.Start(testkit.NearDeadline(t, 5*time.Second)))
	t.Cleanup(a.RequireStop)

	require.Equal(t, http.StatusOK, testkit.Request(t, http.MethodGet, a.URL()+"/health", nil).Status, "it serves")
	require.NoError(t, a.Health.Live())
	require.ErrorContains(t, a.Health.Ready(), "connection refused")
	probe := httptest.NewRecorder()
	a.Health.ReadyHandler().ServeHTTP(probe, httptest.NewRequest(http.MethodGet, "/", nil))
	require.Equal(t, http.StatusServiceUnavailable, probe.Code)
	require.Contains(t, probe.Body.String(), "connection refused")
	require.Len(t, a.Lines("not registered; the application serves and keeps trying"), 1)

	serverCfg := testkit.ServerConfig()
	serverCfg.AdminPort = adminPort
	srv := testkit.StartServer(t, serverCfg)
	testkit.Eventually(t, a.Health.Ready)
	require.Equal(t, http.StatusOK, testkit.Post(t, srv.IngressURL()+"/Job/Plain", nil).Status)
	require.Len(t, a.Lines("registered with Restate"), 1)
}

func TestStartWaitsForAServerThatStarts(t *testing.T) {
	t.Parallel()
	cfg, serverCfg := testkit.Config(), testkit.ServerConfig()
	serverCfg.AdminPort = testkit.StablePort(t)
	cfg.Admin.URL = fmt.Sprintf("http://127.0.0.1:%d", serverCfg.AdminPort)
	a := testkit.Build(t, fx.Supply(cfg), fxrestate.Service[*sample.Job](sample.NewJob))

	started := make(chan error, 1)
	go func() { started <- a.TryStart(t) }()
	testkit.Eventually(t, func() error {
		if len(a.Lines("waiting for the Restate admin API")) == 0 {
			return errors.New("it does not wait")
		}
		return nil
	})
	srv, err := devserver.Start(t.Context(), serverCfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, srv.Stop(context.Background())) })
	require.NoError(t, testkit.Receive(t, started, "the start"))
	t.Cleanup(a.RequireStop)
	require.NoError(t, a.Health.Ready())
}

func TestTwoApplicationsOnFreePortsAreTwoDeployments(t *testing.T) {
	t.Parallel()
	one, two := testkit.Unique("job"), testkit.Unique("job")
	a := testkit.Start(t, fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(one)))
	b := testkit.Start(t, fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(two)))
	a.Serves(t, one)
	b.Serves(t, two)
	require.NotEqual(t, a.URL(), b.URL())
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
		"a URL with the path of the version": {
			func(c *fxrestate.Config) {
				c.Register.URL, c.Endpoint.Version.Name = "http://app:9080/v/3/", "3"
			},
			`fxrestate: Register.URL is "http://app:9080/v/3/", and the path of Endpoint.Version is appended to it: leave "/v/3" out`,
		},
		"of a Lambda function": {
			func(c *fxrestate.Config) { c.Endpoint = endpoint.Config{Mode: endpoint.Lambda} },
			"a Lambda function is registered by its ARN when it is published: leave it nil",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := testkit.Config()
			test.change(&cfg)
			err := testkit.NewError(t, fx.Supply(cfg), fxrestate.Service[*sample.Job](sample.NewJob))
			require.ErrorContains(t, err, test.want)
			require.True(t, strings.Contains(err.Error(), "fxrestate: Register") || strings.Contains(err.Error(), "deployment: URL"))
		})
	}
}
