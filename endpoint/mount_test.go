package endpoint_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/internal/testkit"
)

// serve serves h as a user's own server does, and returns its URL.
func serve(t testing.TB, h http.Handler) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	srv := &http.Server{Handler: h, Protocols: protocols}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() {
		require.NoError(t, srv.Close())
		require.ErrorIs(t, testkit.Receive(t, served), http.ErrServerClosed)
	})
	return fmt.Sprintf("http://%s:%d", testkit.Server().EndpointHost(), l.Addr().(*net.TCPAddr).Port)
}

func TestUnderServesBelowAPrefix(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		path   string
		router func(*endpoint.Endpoint) http.Handler
	}{
		{"a chi mount", "/restate", func(e *endpoint.Endpoint) http.Handler {
			r := chi.NewRouter()
			r.Use(middleware.RequestID, middleware.Recoverer, middleware.Compress(5))
			r.Mount("/restate", e.Under("/restate"))
			return r
		}},
		{"a chi mount in a chi route", "/api/v1/restate", func(e *endpoint.Endpoint) http.Handler {
			r := chi.NewRouter()
			r.Route("/api/v1", func(r chi.Router) { r.Mount("/restate", e.Under("/api/v1/restate")) })
			return r
		}},
		{"a mux", "/restate", func(e *endpoint.Endpoint) http.Handler {
			mux := http.NewServeMux()
			mux.Handle("/restate/", e.Under("/restate"))
			return mux
		}},
		{"http.StripPrefix around", "/restate", func(e *endpoint.Endpoint) http.Handler {
			mux := http.NewServeMux()
			mux.Handle("/restate/", http.StripPrefix("/restate", e.Under("/restate")))
			return mux
		}},
		{"a prefix with slashes all around", "/a/b", func(e *endpoint.Endpoint) http.Handler { return e.Under("a/b/") }},
		{"the root as a prefix", "", func(e *endpoint.Endpoint) http.Handler { return e.Under("/") }},
		{"no prefix", "", func(e *endpoint.Endpoint) http.Handler { return e.Under("") }},
		{"the endpoint itself as a server's handler", "", func(e *endpoint.Endpoint) http.Handler { return e }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorker()
			close(w.release)
			e, lines := newEndpoint(t, endpoint.Config{Mode: endpoint.Mounted}, define(t, name(t), w))
			require.NoError(t, e.Start(testkit.Context(t)))
			require.Nil(t, e.Addr())
			uri := serve(t, tt.router(e)) + tt.path

			deployment := register(t, uri)
			require.Equal(t, "BidiStream", deployment.ProtocolType)
			require.Equal(t, "HTTP/2.0", deployment.HTTPVersion)
			require.Equal(t, 1, testkit.Decode[int](t, testkit.Post(t, "/"+name(t)+"/Step", nil)))
			requireNothingAbove(t, lines, "info")
			require.NoError(t, e.Stop(testkit.Context(t)))
		})
	}
}

// A server of the user's that nobody told of HTTP/2.
func TestAMountedEndpointIsServedOverHTTP11(t *testing.T) {
	t.Parallel()
	e, lines := newEndpoint(t, endpoint.Config{Mode: endpoint.Mounted}, define(t, name(t), &Stepper{}))
	srv := httptest.NewServer(e.Under("/restate"))
	defer srv.Close()
	d := registerAs(t, admin.RegisterDeploymentRequest{URI: srv.URL + "/restate", UseHTTP11: true})
	require.Equal(t, "HTTP/1.1", d.HTTPVersion)
	require.Equal(t, 3, testkit.Decode[int](t, testkit.Post(t, "/"+name(t)+"/Three", nil)))
	requireNothingAbove(t, lines, "info")
}

func TestOnlyInvocationsOfTheEndpointsHandlersAreTold(t *testing.T) {
	t.Parallel()
	const invocation = "application/vnd.restate.invocation.v5"
	e, _ := newEndpoint(t, endpoint.Config{Mode: endpoint.Mounted}, define(t, "told", &Waiter{}))
	handler := ""
	for _, chain := range e.Chains() {
		target, _, _ := strings.Cut(chain.String(), " ")
		handler = "/invoke/" + target
	}
	for name, tt := range map[string]struct {
		method, target, contentType string
		want                        bool
	}{
		"an invocation":                       {http.MethodPost, handler, invocation, true},
		"one under a prefix":                  {http.MethodPost, "/api/restate" + handler, invocation, true},
		"one of a version":                    {http.MethodPost, "/api/restate/v/v1" + handler, invocation, true},
		"one in absolute form":                {http.MethodPost, "http://host/restate" + handler, invocation, true},
		"the content type on another path":    {http.MethodPost, "/orders", invocation, false},
		"an unknown handler":                  {http.MethodPost, "/restate/invoke/told/None", invocation, false},
		"a handler in the query of another":   {http.MethodPost, "/orders?" + handler, invocation, false},
		"another content type on the handler": {http.MethodPost, "/restate" + handler, "application/json", false},
		"another method":                      {http.MethodGet, "/restate" + handler, invocation, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), tt.method, tt.target, http.NoBody)
			r.Header.Set("Content-Type", tt.contentType)
			require.Equal(t, tt.want, e.IsInvocation(r))
		})
	}
}

func TestUnderLeavesOtherPathsAlone(t *testing.T) {
	t.Parallel()
	e, _ := newEndpoint(t, endpoint.Config{Mode: endpoint.Mounted}, define(t, name(t), &Waiter{}))
	uri := serve(t, e.Under("/restate"))
	for path, want := range map[string]int{
		"/restate/health":                  http.StatusOK,
		"/health":                          http.StatusNotFound,
		"/restate":                         http.StatusNotFound,
		"/restatehealth":                   http.StatusNotFound,
		"/restate//health":                 http.StatusNotFound,
		"/restate/restate/health":          http.StatusNotFound,
		"/restate/health?":                 http.StatusOK,
		"/other/restate/health":            http.StatusNotFound,
		"/restate/discover/../health":      http.StatusNotFound,
		"/restate/invoke/" + name(t) + "/": http.StatusNotFound,
	} {
		t.Run(path, func(t *testing.T) {
			require.Equal(t, want, get(t, uri+path).Status, path)
		})
	}
}

// The stop of a mounted endpoint does what it does otherwise, and leaves the
// server alone.
func TestStopOfAMountedEndpointLeavesTheServerAlone(t *testing.T) {
	t.Parallel()
	r := chi.NewRouter()
	r.Use(func(next http.Handler) http.Handler { // wraps the ResponseWriter as loggers do
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(middleware.NewWrapResponseWriter(w, r.ProtoMajor), r)
		})
	})
	w := &Waiter{}
	w.waiting.Add(1)
	e, lines := newEndpoint(t, endpoint.Config{Mode: endpoint.Mounted, DrainTimeout: testkit.Within}, define(t, name(t), w))
	require.NoError(t, e.Start(testkit.Context(t)))
	r.Mount("/restate", e.Under("/restate"))
	r.Get("/own", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	uri := serve(t, r)
	register(t, uri+"/restate")
	id := testkit.Submit(t, "/"+name(t)+"/Sleep", nil)
	w.waiting.Wait()

	require.Less(t, stop(t, e), nap, "it waits for what waits")
	testkit.Until(t, func() bool { return look(t, id).Status == "suspended" }, "%s", look(t, id))
	require.Len(t, messages(lines, "Suspending invocation"), 1)
	require.Equal(t, http.StatusTeapot, get(t, uri+"/own").Status)
	a, err := testkit.PostJSON(testkit.Context(t), uri+"/restate/invoke/"+name(t)+"/Ping", nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusUnsupportedMediaType, a.Status)
}

func get(t testing.TB, url string) testkit.Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(testkit.Context(t), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	a, err := testkit.Do(req)
	require.NoError(t, err)
	return a
}
