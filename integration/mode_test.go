package integration_test

import (
	"context"
	"encoding/base64"
	"net"
	"net/http"
	"testing"

	"github.com/go-chi/chi/v5"
	sdkserver "github.com/restatedev/sdk-go/server"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
)

func TestEndpointIsMountedInTheUsersServer(t *testing.T) {
	t.Parallel()
	for on, mount := range map[string]func(*endpoint.Endpoint) http.Handler{
		"a chi router": func(e *endpoint.Endpoint) http.Handler {
			r := chi.NewRouter()
			r.Get("/hello", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) })
			r.Mount("/restate/v1", e.Under("/restate/v1"))
			return r
		},
		"a mux": func(e *endpoint.Endpoint) http.Handler {
			m := http.NewServeMux()
			m.HandleFunc("GET /hello", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) })
			m.Handle("/restate/v1/", e.Under("/restate/v1"))
			return m
		},
	} {
		t.Run(on, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			job, name, cfg := newJob(), unique("job"), config()
			job.succeed = true
			cfg.Endpoint = endpoint.Config{Mode: endpoint.Mounted}
			cfg.Register.URL = "http://" + l.Addr().String() + "/restate/v1"
			cfg.Register.Required = false
			a := startWith(t, cfg,
				fxrestate.Service[*Job](made(job), fxrestate.Name(name)),
				fx.Invoke(func(lc fx.Lifecycle, e *endpoint.Endpoint) {
					var protocols http.Protocols
					protocols.SetHTTP1(true)
					protocols.SetUnencryptedHTTP2(true)
					srv := &http.Server{Handler: mount(e), Protocols: &protocols}
					lc.Append(fx.StartStopHook(func() { go func() { _ = srv.Serve(l) }() }, srv.Close))
				}),
			)
			require.Nil(t, a.endpoint.Addr(), "it has no listener of its own")
			eventually(t, a.health.Ready)
			require.Equal(t, http.StatusOK, call(t, path(name, "Plain"), nil).status)
			hello := request(t, http.MethodGet, "http://"+l.Addr().String()+"/hello", nil)
			require.Equal(t, "hello", string(hello.body))
		})
	}
}

func TestLambdaHandlerComesFromTheGraphWithoutAListener(t *testing.T) {
	t.Parallel()
	var lambda sdkserver.LambdaHandlerFunc
	a := startWith(t, fxrestate.Config{Endpoint: endpoint.Config{Mode: endpoint.Lambda}},
		fxrestate.Service[*Job](newJob), fx.Populate(&lambda))
	require.Nil(t, a.endpoint.Addr())
	res, err := lambda(context.Background(), sdkserver.LambdaRequest{
		Path:    "/discover",
		Headers: map[string]string{"Accept": "application/vnd.restate.endpointmanifest.v4+json"},
	})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode, res.Body)
	require.Contains(t, lambdaBody(t, res), `"REQUEST_RESPONSE"`)
}

func lambdaBody(t *testing.T, res sdkserver.LambdaResponse) string {
	t.Helper()
	if !res.IsBase64Encoded {
		return res.Body
	}
	decoded, err := base64.StdEncoding.DecodeString(res.Body)
	require.NoError(t, err)
	return string(decoded)
}

func TestRequestResponseModeWorks(t *testing.T) {
	t.Parallel()
	name, cfg := unique("steps"), config()
	cfg.Endpoint.RequestResponse = true
	s := &Steps{}
	startWith(t, cfg, fxrestate.Service[*Steps](made(s), fxrestate.Name(name), quickly()))
	d, err := adminAPI.Deployment(t.Context(), service(t, name).DeploymentID)
	require.NoError(t, err)
	require.Equal(t, "RequestResponse", d.ProtocolType)
	require.Equal(t, 1, decode[int](t, call(t, path(name, "Charge"), nil)))
	require.EqualValues(t, 1, s.steps.Load())
}

func TestAttemptsBeyondTheLimitWaitAndAllComplete(t *testing.T) {
	t.Parallel()
	w, name := newWorker(), unique("worker")
	a := startWorker(t, w, name, func(c *fxrestate.Config) { c.Endpoint.MaxInFlight = 2 })
	defer a.RequireStop()
	var ids []string
	for range 5 {
		ids = append(ids, submit(t, path(name, "Compute"), nil))
	}
	receive(t, w.began, "an attempt")
	receive(t, w.began, "another attempt")
	require.Equal(t, 2, a.endpoint.InFlight())
	close(w.proceed)
	for _, id := range ids {
		require.Equal(t, "computed", decode[string](t, attach(t, id)))
	}
	require.Len(t, w.began, 3, "each of the others began once")
}

func TestUnknownHandlersAreNotFound(t *testing.T) {
	t.Parallel()
	name := unique("job")
	a := start(t, fxrestate.Service[*Job](newJob, fxrestate.Name(name)))
	for _, p := range []string{"/invoke/" + name + "/Nothing", "/invoke/nothing/Plain", "/invoke/" + name + "/Plain/", "/", "/invoke", "/admin"} {
		got := request(t, http.MethodPost, a.url()+p, []byte("x"), "Content-Type", "application/vnd.restate.invocation.v5")
		require.Equal(t, http.StatusNotFound, got.status, p)
	}
	require.Empty(t, a.logs.FilterMessage("Handling invocation").All(), "the SDK does not see them")
	for _, line := range a.logs.All() {
		require.NotContains(t, line.Message, "panic")
	}
	require.Equal(t, http.StatusNotFound, call(t, path(name, "Nothing"), nil).status)
	require.Equal(t, http.StatusNotFound, call(t, path(unique("nothing"), "Plain"), nil).status)
}
