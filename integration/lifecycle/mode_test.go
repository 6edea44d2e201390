package lifecycle_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/go-chi/chi/v5"
	restate "github.com/restatedev/sdk-go"
	sdkserver "github.com/restatedev/sdk-go/server"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/integration/internal/sample"
	"github.com/fxrestate/go/internal/testkit"
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
			job, name, cfg := sample.NewJob(), testkit.Unique("job"), testkit.Config()
			job.Succeed()
			cfg.Endpoint = endpoint.Config{Mode: endpoint.Mounted}
			cfg.Register.URL = "http://" + l.Addr().String() + "/restate/v1"
			cfg.Register.Required = false
			a := testkit.StartWith(t, cfg,
				fxrestate.Service[*sample.Job](testkit.Made(job), fxrestate.Name(name)),
				fx.Invoke(func(lc fx.Lifecycle, e *endpoint.Endpoint) {
					var protocols http.Protocols
					protocols.SetHTTP1(true)
					protocols.SetUnencryptedHTTP2(true)
					srv := &http.Server{Handler: mount(e), Protocols: &protocols}
					lc.Append(fx.StartStopHook(func() { go func() { _ = srv.Serve(l) }() }, srv.Close))
				}),
			)
			require.Nil(t, a.Endpoint.Addr(), "it has no listener of its own")
			testkit.Eventually(t, a.Health.Ready)
			require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "Plain"), nil).Status)
			hello := testkit.Request(t, http.MethodGet, "http://"+l.Addr().String()+"/hello", nil)
			require.Equal(t, "hello", string(hello.Body))
		})
	}
}

func TestLambdaHandlerComesFromTheGraphWithoutAListener(t *testing.T) {
	t.Parallel()
	var lambda sdkserver.LambdaHandlerFunc
	a := testkit.StartWith(t, fxrestate.Config{Endpoint: endpoint.Config{Mode: endpoint.Lambda}},
		fxrestate.Service[*sample.Job](sample.NewJob), fx.Populate(&lambda))
	require.Nil(t, a.Endpoint.Addr())
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

// Cashier fails once after a step, so that the step is replayed.
type Cashier struct {
	charged atomic.Int32
	failed  atomic.Bool
}

func (c *Cashier) Charge(ctx restate.Context) (int32, error) {
	n, err := restate.Run(ctx, func(restate.RunContext) (int32, error) { return c.charged.Add(1), nil })
	if err != nil {
		return 0, err
	}
	if !c.failed.Swap(true) {
		return 0, errors.New("the first attempt")
	}
	return n, nil
}

func TestRequestResponseModeWorks(t *testing.T) {
	t.Parallel()
	name, cfg := testkit.Unique("steps"), testkit.Config()
	cfg.Endpoint.RequestResponse = true
	s := &Cashier{}
	testkit.StartWith(t, cfg, fxrestate.Service[*Cashier](testkit.Made(s), fxrestate.Name(name), testkit.RetrySoon()))
	d, err := testkit.Admin().Deployment(t.Context(), testkit.ServiceOf(t, name).DeploymentID)
	require.NoError(t, err)
	require.Equal(t, "RequestResponse", d.ProtocolType)
	require.Equal(t, 1, testkit.Decode[int](t, testkit.Post(t, testkit.Path(name, "Charge"), nil)))
	require.EqualValues(t, 1, s.charged.Load())
}

func TestAttemptsBeyondTheLimitWaitAndAllComplete(t *testing.T) {
	t.Parallel()
	w, name := newWorker(), testkit.Unique("worker")
	a := startWorker(t, w, name, func(c *fxrestate.Config) { c.Endpoint.MaxInFlight = 2 })
	defer a.RequireStop()
	var ids []string
	for range 5 {
		ids = append(ids, testkit.Submit(t, testkit.Path(name, "Compute"), nil))
	}
	testkit.Receive(t, w.began, "an attempt")
	testkit.Receive(t, w.began, "another attempt")
	require.Equal(t, 2, a.Endpoint.InFlight())
	close(w.proceed)
	for _, id := range ids {
		require.Equal(t, "computed", testkit.Decode[string](t, testkit.Attach(t, id)))
	}
	require.Len(t, w.began, 3, "each of the others began once")
}

func TestUnknownHandlersAreNotFound(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("job")
	a := testkit.Start(t, fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(name)))
	for _, p := range []string{"/invoke/" + name + "/Nothing", "/invoke/nothing/Plain", "/invoke/" + name + "/Plain/", "/", "/invoke", "/admin"} {
		t.Run(p, func(t *testing.T) {
			got := testkit.Request(t, http.MethodPost, a.URL()+p, []byte("x"), "Content-Type", "application/vnd.restate.invocation.v5")
			require.Equal(t, http.StatusNotFound, got.Status, p)
		})
	}
	require.Empty(t, a.Logs.FilterMessage("Handling invocation").All(), "the SDK does not see them")
	for _, line := range a.Logs.All() {
		require.NotContains(t, line.Message, "panic")
	}
	require.Equal(t, http.StatusNotFound, testkit.Post(t, testkit.Path(name, "Nothing"), nil).Status)
	require.Equal(t, http.StatusNotFound, testkit.Post(t, testkit.Path(testkit.Unique("nothing"), "Plain"), nil).Status)
}
