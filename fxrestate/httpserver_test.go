package fxrestate_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/httpserver"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

// ask returns the status and the body of a GET.
func ask(t *testing.T, url string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	res, err := testkit.HTTPClient().Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(text)
}

// openStream asks for a stream and returns when it has begun.
func openStream(t *testing.T, url string) *bufio.Reader {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	res, err := testkit.HTTPClient().Do(req)
	require.NoError(t, err)
	t.Cleanup(func() { _ = res.Body.Close() })
	events := bufio.NewReader(res.Body)
	event, err := events.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "event\n", event)
	return events
}

func streamUntilDone(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, "event\n")
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

func TestReadinessAndLivenessAnswerWhileTheRegistrationIsUnderWay(t *testing.T) {
	t.Parallel()
	var open atomic.Bool
	cfg := lifeConfig(gateway(t, func(*http.Request) bool { return !open.Load() }), true)
	cfg.HTTP.Addr = "127.0.0.1:0"
	var server *httpserver.Server
	i := newIdle(t, cfg, fx.Populate(&server), fxrestate.HTTPServer(func(*ingress.Client) chi.Router {
		r := chi.NewRouter()
		r.Get("/hello", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
		return r
	}))
	started := make(chan error, 1)
	go func() { started <- i.Start(testkit.Context(t)) }()
	testkit.Until(t, func() bool { return server.URL() != "" }, "it does not listen")
	status, body := ask(t, server.URL()+"/readyz")
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Equal(t, "starting\n", body)
	status, _ = ask(t, server.URL()+"/livez")
	require.Equal(t, http.StatusOK, status)
	status, _ = ask(t, server.URL()+"/hello")
	require.Equal(t, http.StatusServiceUnavailable, status)

	open.Store(true)
	require.NoError(t, testkit.Receive(t, started, "the start"))
	t.Cleanup(i.RequireStop)
	status, _ = ask(t, server.URL()+"/readyz")
	require.Equal(t, http.StatusOK, status)
	_, body = ask(t, server.URL()+"/hello")
	require.Equal(t, "hello", body)
}

func TestTheApplicationIsReadyWhenItsRoutesAreOpen(t *testing.T) {
	t.Parallel()
	type cache struct{}
	filling, filled := make(chan struct{}), make(chan struct{})
	cfg := lifeConfig(testkit.Server().AdminURL(), true)
	cfg.HTTP.Addr = "127.0.0.1:0"
	var server *httpserver.Server
	i := newIdle(t, cfg, fx.Populate(&server),
		fx.Provide(func(lc fx.Lifecycle, _ *ingress.Client) *cache {
			lc.Append(fx.StartHook(func() { close(filling); <-filled }))
			return &cache{}
		}),
		fxrestate.HTTPServer(func(*cache) http.Handler { return http.NotFoundHandler() }))
	started := make(chan error, 1)
	go func() { started <- i.Start(testkit.Context(t)) }()
	testkit.Receive(t, filling, "the hook")
	require.NoError(t, i.health.Ready())
	status, body := ask(t, server.URL()+"/readyz")
	other, _ := ask(t, server.URL()+"/")
	close(filled)
	require.NoError(t, testkit.Receive(t, started, "the start"))
	t.Cleanup(i.RequireStop)
	require.Equal(t, http.StatusServiceUnavailable, other)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Equal(t, "starting\n", body)
	status, _ = ask(t, server.URL()+"/readyz")
	require.Equal(t, http.StatusOK, status)
}

func TestProbesOfAPublicPortTellNoAddresses(t *testing.T) {
	t.Parallel()
	cfg := lifeConfig(gateway(t, func(*http.Request) bool { return true }), false)
	cfg.HTTP.Addr = "127.0.0.1:0"
	var server *httpserver.Server
	i := newIdle(t, cfg, fx.Populate(&server), fxrestate.HTTPServer(http.NotFoundHandler()))
	require.NoError(t, i.Start(testkit.NearDeadline(t, 5*time.Second)))
	t.Cleanup(i.RequireStop)
	status, body := ask(t, server.URL()+"/readyz")
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Equal(t, "not registered\n", body)
	require.ErrorContains(t, i.health.Ready(), cfg.Admin.URL)
	lines := i.logs.FilterMessage("not registered; the application serves and keeps trying").All()
	require.Len(t, lines, 1)
	require.Contains(t, lines[0].ContextMap()["error"], cfg.Admin.URL)
}

// Sleeper sleeps for long.
type Sleeper struct{ sleeping chan struct{} }

func (s *Sleeper) Sleep(ctx restate.Context) error {
	s.sleeping <- struct{}{}
	return restate.Sleep(ctx, time.Hour)
}

func TestAStopEndsStreamsAndDrainsAMountedEndpointInTime(t *testing.T) {
	t.Parallel()
	addr := testkit.StableAddr(t)
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	cfg := testkit.Config()
	cfg.Endpoint = endpoint.Config{Mode: endpoint.Mounted}
	cfg.Register.Required = false
	cfg.Register.URL = fmt.Sprintf("http://%s:%s/restate", testkit.Server().EndpointHost(), port)
	cfg.HTTP.Addr = addr
	name, sleeper := testkit.Unique("sleeper"), &Sleeper{make(chan struct{}, 10)}
	var server *httpserver.Server
	a := testkit.Build(t, fx.Supply(cfg), fx.Populate(&server), fx.StopTimeout(fx.DefaultTimeout),
		fxrestate.Service[*Sleeper](testkit.Made(sleeper), fxrestate.Name(name)),
		fxrestate.HTTPServer(func(e *endpoint.Endpoint) chi.Router {
			r := chi.NewRouter()
			r.Get("/stream", streamUntilDone)
			r.Mount("/restate", e.Under("/restate"))
			return r
		}))
	require.NoError(t, a.TryStart(t))
	testkit.Eventually(t, a.Health.Ready)
	id := testkit.Submit(t, testkit.Path(name, "Sleep"), nil)
	testkit.Receive(t, sleeper.sleeping, "the invocation")
	events := openStream(t, server.URL()+"/stream")

	ctx, cancel := context.WithTimeout(t.Context(), a.StopTimeout())
	defer cancel()
	require.NoError(t, a.Stop(ctx))
	require.Empty(t, a.Lines("ended requests that were not answered in time"))
	_, err = events.ReadString('\n')
	require.ErrorIs(t, err, io.EOF)
	require.Empty(t, a.Lines("cut attempts that did not end in time; Restate retries them"))
	require.Len(t, a.Lines("draining"), 1)
	testkit.Until(t, func() bool { return testkit.Look(t, id).Status == "suspended" }, "%s", testkit.Look(t, id))
	require.ErrorIs(t, a.Health.Ready(), fxrestate.ErrStopping)
}

func TestAServerThatFailsShutsTheApplicationDown(t *testing.T) {
	t.Parallel()
	cfg := fxrestate.Config{
		Endpoint: endpoint.Config{Addr: "127.0.0.1:0"},
		HTTP: httpserver.Config{
			Addr:      "127.0.0.1:0",
			Configure: func(srv *http.Server) { srv.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12} }, // without a certificate
		},
	}
	a := testkit.Build(t, fx.Supply(cfg), fxrestate.HTTPServer(http.NotFoundHandler()))
	require.NoError(t, a.TryStart(t))
	t.Cleanup(a.RequireStop)
	require.Equal(t, 1, testkit.Receive(t, a.Wait(), "the end").ExitCode)
	require.Len(t, a.Lines("the HTTP server does not serve any more"), 1)
}

func TestAConfigurationOfNoServerIsNamed(t *testing.T) {
	t.Parallel()
	a := testkit.Build(t, fx.Supply(fxrestate.Config{HTTP: httpserver.Config{Addr: ":1"}}))
	require.NoError(t, a.Err())
	require.Len(t, a.Lines("Config.HTTP is set, and nothing is served there; list fxrestate.HTTPServer with your routes"), 1)
}

func TestMistakesInHTTPServersAreErrorsOfNew(t *testing.T) {
	t.Parallel()
	routes := http.NotFoundHandler()
	var none func() http.Handler
	for name, tt := range map[string]struct {
		option fx.Option
		line   string
		want   string
	}{
		"nil":                       {fxrestate.HTTPServer(nil), here(), "the routes are nil; pass an http.Handler"},
		"a constructor that is nil": {fxrestate.HTTPServer(none), here(), "the routes are nil"},
		"no handler":                {fxrestate.HTTPServer(":3000"), here(), "string is no http.Handler; pass an http.Handler, such as a chi.Router, or a function that returns one"},
		"a plain handler function": {
			fxrestate.HTTPServer(func(http.ResponseWriter, *http.Request) {}), here(), "pass http.HandlerFunc of it",
		},
		"a constructor of something else": {
			fxrestate.HTTPServer(func() string { return "" }), here(), "the constructor func() string does not return an http.Handler",
		},
		"a constructor that returns nil": {
			fxrestate.HTTPServer(func() chi.Router { return nil }), "", "the constructor given to HTTPServer returned nil",
		},
		"a constructor that fails": {
			fxrestate.HTTPServer(func() (http.Handler, error) { return nil, errors.New("no templates") }), "", "no templates",
		},
		"two servers": {
			fx.Options(fxrestate.HTTPServer(routes), fxrestate.HTTPServer(routes)), here(), "there are 2 HTTPServers (httpserver_test.go:",
		},
		"a server that nobody declared": {
			fx.Invoke(func(*httpserver.Server) {}), "", "there is no *httpserver.Server without an HTTPServer",
		},
		"a path of a probe that is none": {
			fx.Options(fxrestate.HTTPServer(routes), fx.Supply(fxrestate.Config{HTTP: httpserver.Config{ReadyPath: "ready"}})), "",
			`httpserver: ReadyPath is "ready"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := fx.New(fxrestate.Module, fx.Supply(zap.NewNop()), fx.NopLogger, tt.option)
			require.ErrorContains(t, app.Err(), tt.want)
			require.ErrorContains(t, app.Err(), tt.line)
		})
	}
}
