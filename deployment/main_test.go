package deployment_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/internal/manifest"
	"github.com/fxrestate/go/internal/testkit"
)

// The server knows a cluster of Kafka that is away: subscriptions to it are kept all the same.
func TestMain(m *testing.M) {
	testkit.Main(m, testkit.ServerEnv(func(string) (map[string]string, error) {
		return map[string]string{"RESTATE_INGRESS__KAFKA_CLUSTERS": `[{name="away",brokers=["PLAINTEXT://127.0.0.1:1"]}]`}, nil
	}))
}

func newClient(t testing.TB, cfg admin.Config) *admin.Client {
	t.Helper()
	if cfg.URL == "" {
		cfg.URL = testkit.Server().AdminURL()
	}
	client, err := admin.New(cfg)
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	return client
}

func newRegistrar(t testing.TB, client *admin.Client, cfg deployment.Config, log *slog.Logger) *deployment.Registrar {
	t.Helper()
	if cfg.URL == "" {
		cfg.URL = "http://" + testkit.Server().EndpointHost() + ":{{port}}"
	}
	registrar, err := deployment.NewRegistrar(client, cfg, log)
	require.NoError(t, err)
	return registrar
}

// endpoint serves definitions to Restate, under any prefix, and records the
// requests.
type endpoint struct {
	port     int
	manifest []byte
	stop     func()

	mu      sync.Mutex
	handler http.Handler
	seen    []*http.Request
}

func serve(t testing.TB, definitions ...restate.ServiceDefinition) *endpoint {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return serveOn(t, listener, definitions...)
}

func serveOn(t testing.TB, listener net.Listener, definitions ...restate.ServiceDefinition) *endpoint {
	t.Helper()
	e := &endpoint{port: listener.Addr().(*net.TCPAddr).Port}
	e.deploy(t, definitions...)
	e.stop = testkit.ServeHTTP(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.mu.Lock()
		e.seen = append(e.seen, r.Clone(context.Background()))
		handler := e.handler
		e.mu.Unlock()
		for _, known := range []string{"/discover", "/invoke/"} {
			if i := strings.Index(r.RequestURI, known); i > 0 {
				r.RequestURI = r.RequestURI[i:]
				r.URL.Path, r.URL.RawPath = r.RequestURI, ""
			}
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(e.stop)
	return e
}

// deploy replaces what is served.
func (e *endpoint) deploy(t testing.TB, definitions ...restate.ServiceDefinition) {
	t.Helper()
	sdk := server.NewRestate().WithLogger(slog.DiscardHandler, false)
	for _, definition := range definitions {
		sdk.Bind(definition)
	}
	handler, err := sdk.Handler()
	require.NoError(t, err)
	manifest, err := deployment.ManifestOf(t.Context(), handler)
	require.NoError(t, err)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.handler, e.manifest = handler, manifest
}

// at is what is registered.
func (e *endpoint) at() deployment.Endpoint {
	return deployment.Endpoint{Port: e.port, Manifest: e.manifest}
}

// nobody is an endpoint without services that does not answer.
func nobody(port int) deployment.Endpoint {
	return deployment.Endpoint{Port: port, Manifest: []byte(`{"services":[]}`)}
}

func (e *endpoint) requests() []*http.Request {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.seen
}

func echo(_ restate.Context, in string) (string, error) { return in, nil }

func service(name string) restate.ServiceDefinition {
	return restate.NewService(name).Handler("Echo", restate.NewServiceHandler(echo))
}

func number(name string) restate.ServiceDefinition {
	return restate.NewService(name).Handler("Echo", restate.NewServiceHandler(
		func(_ restate.Context, in int) (int, error) { return in, nil }))
}

// deploymentsAt returns the deployments that the server knows under a URL.
func deploymentsAt(t testing.TB, url string) (at []admin.DeploymentSummary) {
	t.Helper()
	list, err := newClient(t, admin.Config{}).Deployments(testkit.Context(t))
	require.NoError(t, err)
	for _, d := range list {
		if strings.TrimRight(d.URI, "/") == url {
			at = append(at, d)
		}
	}
	return at
}

func hashOf(t testing.TB, e *endpoint) string {
	t.Helper()
	m, err := manifest.Parse(e.manifest)
	require.NoError(t, err)
	return m.InterfaceHash()
}

func object(name string) restate.ServiceDefinition {
	return restate.NewObject(name).Handler("Echo", restate.NewObjectHandler(
		func(_ restate.ObjectContext, in string) (string, error) { return in, nil }))
}

// adminCall is a request that passed a gateway.
type adminCall struct {
	line   string // GET /health
	header http.Header
	body   string
}

// gateway is a proxy in front of the real admin API. It records the calls, and calls
// intercept before each, which returns true if it has responded itself.
type gateway struct {
	url       string
	forward   http.Handler
	intercept func(w http.ResponseWriter, call adminCall) bool

	mu    sync.Mutex
	calls []adminCall
}

func newGateway(t testing.TB, intercept func(http.ResponseWriter, adminCall) bool) *gateway {
	t.Helper()
	target, err := url.Parse(testkit.Server().AdminURL())
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	g := &gateway{
		url:       "http://" + listener.Addr().String(),
		forward:   httputil.NewSingleHostReverseProxy(target),
		intercept: intercept,
	}
	testkit.Serve(t, listener, g)
	return g
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	call := adminCall{r.Method + " " + r.URL.Path, r.Header.Clone(), string(body)}
	g.mu.Lock()
	g.calls = append(g.calls, call)
	g.mu.Unlock()
	if g.intercept != nil && g.intercept(w, call) {
		return
	}
	g.forward.ServeHTTP(w, r)
}

// made returns all calls so far, and those with the given line.
func (g *gateway) made(line string) (all, matching []adminCall) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, call := range g.calls {
		if call.line == line {
			matching = append(matching, call)
		}
	}
	return g.calls, matching
}

// logLines is a logger that records its lines.
type logLines struct {
	mu    sync.Mutex
	lines []string
	// told receives each line, if it is not nil.
	told func(line string)
}

func (l *logLines) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
}

func (l *logLines) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, string(bytes.TrimSpace(line)))
	if l.told != nil {
		l.told(string(line))
	}
	return len(line), nil
}

func (l *logLines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines
}
