package fxrestate_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
)

// Idler does nothing, or nothing for long.
type Idler struct {
	hanging chan struct{}
}

func newIdler() *Idler { return &Idler{make(chan struct{}, 100)} }

func (*Idler) Rest(restate.Context) error { return nil }

// Hang goes on until its attempt is cut.
func (i *Idler) Hang(ctx restate.Context) error {
	i.hanging <- struct{}{}
	<-ctx.Done()
	return ctx.Err()
}

// gateway stands in front of the admin API and has down answer 503 while it says so.
func gateway(t *testing.T, down func(*http.Request) bool) string {
	t.Helper()
	to, err := url.Parse(testkit.Server().AdminURL())
	require.NoError(t, err)
	transport := &http.Transport{}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }, Transport: transport}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down(r) {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		srv.Close()
		transport.CloseIdleConnections()
	})
	return srv.URL
}

// lifeConfig registers with the admin API at a URL.
func lifeConfig(adminURL string, required bool) fxrestate.Config {
	return fxrestate.Config{
		Admin:    admin.Config{URL: adminURL},
		Endpoint: endpoint.Config{Addr: "127.0.0.1:0"},
		Register: &deployment.Config{URL: "http://" + testkit.Server().EndpointHost() + ":{{port}}", Required: required},
	}
}

// idle is an application that runs an Idler.
type idle struct {
	*fxtest.App
	*Idler
	name   string
	health *fxrestate.Health
	logs   *observer.ObservedLogs
}

func newIdle(t *testing.T, cfg fxrestate.Config, opts ...fx.Option) *idle {
	t.Helper()
	require.NoError(t, testkit.CompileCore())
	core, logs := observer.New(zapcore.DebugLevel)
	i := &idle{Idler: newIdler(), name: testkit.Unique("idler"), logs: logs}
	client := new(*admin.Client)
	i.App = fxtest.New(t, append([]fx.Option{fx.StartTimeout(testkit.Within), fx.StopTimeout(testkit.Within)}, append(opts,
		fxrestate.Module, fx.Supply(cfg, zap.New(core)), fx.Populate(&i.health, client),
		fxrestate.Service[*Idler](func() *Idler { return i.Idler }, fxrestate.Name(i.name)),
	)...)...)
	t.Cleanup(func() { (*client).CloseIdleConnections() })
	return i
}

func TestFailedWarmUpAfterTheRegistrationIsNoFailedRegistration(t *testing.T) {
	t.Parallel()
	cold := errors.New("too cold")
	var posts atomic.Int32
	url := gateway(t, func(r *http.Request) bool {
		if r.Method == http.MethodPost && r.URL.Path == "/deployments" {
			posts.Add(1)
		}
		return false
	})
	for name, required := range map[string]bool{"required": true, "not required": false} {
		t.Run(name, func(t *testing.T) {
			posts.Store(0)
			i := newIdle(t, lifeConfig(url, required),
				fxrestate.WarmUpAfterRegistration(func(context.Context) error { return cold }))
			i.RequireStart()
			require.NoError(t, i.health.Ready())
			warned := i.logs.FilterMessage("registered, but the first invocation will be slow").All()
			require.Len(t, warned, 1)
			require.Equal(t, cold.Error(), warned[0].ContextMap()["error"])
			require.Empty(t, i.logs.FilterMessage("not registered; the application serves and keeps trying").All())
			i.RequireStop()
			require.EqualValues(t, 1, posts.Load(), "it is not registered again")
		})
	}
}

func TestRegistrationInTheBackgroundWarmsUpBeforeItIsReady(t *testing.T) {
	t.Parallel()
	var open atomic.Bool
	url := gateway(t, func(*http.Request) bool { return !open.Load() })
	warming, warm := make(chan struct{}), make(chan struct{})
	i := newIdle(t, lifeConfig(url, false),
		fxrestate.WarmUpAfterRegistration(func(context.Context) error {
			close(warming)
			<-warm
			return nil
		}))
	require.NoError(t, i.Start(testkit.NearDeadline(t, 5*time.Second)))
	t.Cleanup(i.RequireStop)
	require.Error(t, i.health.Ready())
	open.Store(true)
	testkit.Receive(t, warming, "the warm-up")
	require.Error(t, i.health.Ready(), "it is not warm yet")
	close(warm)
	testkit.Eventually(t, i.health.Ready)
}

func TestStartWithoutADeadlineWaitsAsLongAsFxDoesByDefault(t *testing.T) {
	t.Parallel()
	for name, required := range map[string]bool{"required": true, "not required": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newIdle(t, lifeConfig("http://127.0.0.1:1", required))
			started := make(chan error, 1)
			began := time.Now()
			go func() { started <- i.Start(context.Background()) }()
			err := testkit.Receive(t, started, "the start")
			require.Greater(t, time.Since(began).Seconds(), 8.0)
			if required {
				require.ErrorContains(t, err, "fxrestate: the endpoint is not registered: deployment: register")
				return
			}
			require.NoError(t, err)
			require.ErrorContains(t, i.health.Ready(), "connection refused")
			i.RequireStop()
		})
	}
}

func TestStartThatFailsDoesNotWaitForAttemptsInFlight(t *testing.T) {
	t.Parallel()
	// The services cannot be read back: they are called, and still not registered.
	var posted atomic.Bool
	url := gateway(t, func(r *http.Request) bool {
		if r.Method == http.MethodPost {
			posted.Store(true)
			return false
		}
		return posted.Load()
	})
	cfg := lifeConfig(url, true)
	cfg.Endpoint.DrainTimeout = testkit.Within
	i := newIdle(t, cfg)
	started := make(chan error, 1)
	ctx, began := testkit.NearDeadline(t, 20*time.Second), time.Now()
	go func() { started <- i.Start(ctx) }()
	testkit.Until(t, func() bool {
		return testkit.Post(t, "/"+i.name+"/Hang/send", nil).Status == http.StatusAccepted
	}, "it is not called")
	testkit.Receive(t, i.hanging, "the attempt")
	err := testkit.Receive(t, started, "the start")
	require.Less(t, time.Since(began), testkit.Within/2, "the drain timeout is not waited for")
	require.ErrorContains(t, err, "fxrestate: the endpoint is not registered: deployment: register")
	require.Len(t, i.logs.FilterMessage("cut attempts that did not end in time; Restate retries them").All(), 1)
}

// What fails ends before fx's timeout does, which would hide the reason, with time to
// spare for a machine that is late.
func TestAStartThatFailsHasTimeToSpare(t *testing.T) {
	t.Parallel()
	for timeout, want := range map[time.Duration]time.Duration{
		time.Second:       250 * time.Millisecond,
		4 * time.Second:   500 * time.Millisecond,
		fx.DefaultTimeout: 750 * time.Millisecond,
		20 * time.Second:  time.Second,
		time.Hour:         time.Second,
	} {
		t.Run(timeout.String(), func(t *testing.T) {
			t.Parallel()
			left := fxrestate.StartReserve(timeout) // when the registration has given up
			require.Equal(t, want, left-fxrestate.StopReserve(left))
		})
	}
}

func TestSwappedURLsAreNamedWhereTheRegistrationFails(t *testing.T) {
	t.Parallel()
	proxy := testkit.NewProxy(t, testkit.Server().IngressURL())
	ingress := proxy.URL
	i := newIdle(t, lifeConfig(ingress, true))
	err := i.Start(t.Context())
	require.ErrorContains(t, err, "admin: GET "+ingress+"/deployments: status 400: bad path: /deployments (this is the ingress of a server: use the URL of its admin API")
	require.Len(t, proxy.Seen("", ""), 1, "trying again would be in vain")
}

func TestARegistrationThatTheEndpointRejectsSaysSo(t *testing.T) {
	t.Parallel()
	cfg := lifeConfig(testkit.Server().AdminURL(), true)
	cfg.Endpoint.IdentityKeys = []string{"publickeyv1_w7YHemBctH5Ck2nQRQ47iBBqhNHy4FV7t2Usbye2A6f"}
	i := newIdle(t, cfg)
	require.ErrorContains(t, i.Start(testkit.NearDeadline(t, 20*time.Second)), "(the endpoint, or a gateway in front of it, rejects the server's requests: if the endpoint has identity keys, give the server the private key of one of them")
}

func TestTheHealthReportSaysWhyTheApplicationIsNotReadyAndWhatItCannotTell(t *testing.T) {
	t.Parallel()
	i := newIdle(t, lifeConfig("http://127.0.0.1:1", false))
	report := func() (r map[string]any) {
		shown := httptest.NewRecorder()
		i.health.ReportHandler().ServeHTTP(shown, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
		require.Equal(t, http.StatusOK, shown.Code)
		require.Equal(t, "application/json", shown.Header().Get("Content-Type"))
		require.NoError(t, json.Unmarshal(shown.Body.Bytes(), &r))
		return r
	}
	before := report()
	require.Equal(t, false, before["ready"])
	require.Equal(t, true, before["live"])
	require.Equal(t, "fxrestate: starting", before["reason"])
	require.Equal(t, []any{}, before["stuck"])
	require.Contains(t, before["stuck_unknown"], "connection refused")
	require.NoError(t, i.Start(testkit.NearDeadline(t, 5*time.Second)))
	require.Contains(t, report()["reason"], "connection refused")
	i.RequireStop()
	require.Equal(t, "fxrestate: stopping", report()["reason"])
}
