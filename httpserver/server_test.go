package httpserver_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxrestate/go/httpserver"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/logging"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// stopTime is how long a stop may take in these tests, and more than it needs.
const stopTime = testkit.Within

// harness is a started server and what it logs.
type harness struct {
	*httpserver.Server
	t      *testing.T
	client *http.Client
	lines  *observer.ObservedLogs
}

func start(t *testing.T, cfg httpserver.Config) *harness {
	t.Helper()
	core, lines := observer.New(zapcore.DebugLevel)
	cfg.Addr = "127.0.0.1:0"
	s, err := httpserver.New(cfg, httpserver.Probes{}, slog.New(logging.NewHandler(zap.New(core), logging.Config{})))
	require.NoError(t, err)
	require.Empty(t, s.URL())
	require.NoError(t, s.Start(t.Context()))
	h := &harness{s, t, &http.Client{Transport: &http.Transport{}}, lines}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopTime)
		defer cancel()
		require.NoError(t, s.Stop(ctx))
		h.client.CloseIdleConnections()
	})
	return h
}

// request sends a request whose body is to be closed.
func (h *harness) request(path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.URL()+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	return h.client.Do(req)
}

func (h *harness) get(path string) (status int, body string, header http.Header) {
	h.t.Helper()
	res, err := h.request(path)
	require.NoError(h.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(h.t, err)
	return res.StatusCode, string(text), res.Header
}

func (h *harness) status(path string) int {
	h.t.Helper()
	status, _, _ := h.get(path)
	return status
}

// drain drains with all the time that a stop has, and returns how many were cut.
func (h *harness) drain() <-chan int {
	cut := make(chan int, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopTime)
		defer cancel()
		cut <- h.Drain(ctx)
	}()
	return cut
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

func TestProbesAnswerBeforeTheRoutesAreOpenAndWhileTheyDrain(t *testing.T) {
	t.Parallel()
	h := start(t, httpserver.Config{LivePath: "/alive"})
	require.Equal(t, http.StatusServiceUnavailable, h.status("/readyz"))
	require.Equal(t, http.StatusOK, h.status("/alive"))
	status, body, header := h.get("/hello")
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Equal(t, "the application is starting\n", body)
	require.Equal(t, "1", header.Get("Retry-After"))

	h.Open(http.HandlerFunc(hello))
	require.Equal(t, http.StatusOK, h.status("/readyz"))
	_, body, _ = h.get("/hello")
	require.Equal(t, "hello", body)

	require.Zero(t, testkit.Receive(t, h.drain(), "the drain"))
	require.Equal(t, http.StatusServiceUnavailable, h.status("/readyz"))
	require.Equal(t, http.StatusOK, h.status("/alive"))
	status, body, header = h.get("/hello")
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Equal(t, "the application is stopping\n", body)
	require.Equal(t, "1", header.Get("Retry-After"))
}

func TestAPathThatIsLeftOutIsTheRoutes(t *testing.T) {
	t.Parallel()
	h := start(t, httpserver.Config{ReadyPath: httpserver.NoPath, LivePath: httpserver.NoPath})
	h.Open(http.HandlerFunc(hello))
	for _, path := range []string{"/readyz", "/livez", "/-"} {
		t.Run(path, func(t *testing.T) {
			own := *h
			own.t = t
			_, body, _ := own.get(path)
			require.Equal(t, "hello", body)
		})
	}
}

// stream sends one event and waits for the end of its context.
func stream(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, "event\n")
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

func TestADrainEndsStreamsAndWaitsForRequests(t *testing.T) {
	t.Parallel()
	h := start(t, httpserver.Config{})
	began, release := make(chan struct{}), make(chan struct{})
	h.Open(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/stream" {
			stream(w, r)
			return
		}
		close(began)
		select {
		case <-release:
			hello(w, r)
		case <-r.Context().Done():
		}
	}))
	res, err := h.request("/stream")
	require.NoError(t, err)
	defer res.Body.Close()
	events := bufio.NewReader(res.Body)
	event, err := events.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "event\n", event)
	answered := make(chan string, 1)
	go func() {
		res, err := h.request("/slow")
		if err != nil {
			answered <- err.Error()
			return
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		answered <- string(body)
	}()
	testkit.Receive(t, began, "the request")

	drained := h.drain()
	_, err = events.ReadString('\n')
	require.ErrorIs(t, err, io.EOF, "the stream ends while the request goes on")
	select {
	case <-drained:
		require.Fail(t, "the drain does not wait for the request")
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	require.Equal(t, "hello", testkit.Receive(t, answered, "the answer"))
	require.Zero(t, testkit.Receive(t, drained, "the drain"))
}

func TestARequestThatBecomesAStreamDuringADrainEnds(t *testing.T) {
	t.Parallel()
	h := start(t, httpserver.Config{})
	began, release := make(chan struct{}), make(chan struct{})
	h.Open(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(began)
		<-release
		stream(w, r)
	}))
	asked := make(chan error, 1)
	go func() {
		res, err := h.request("/")
		if err == nil {
			_, err = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
		}
		asked <- err
	}()
	testkit.Receive(t, began, "the request")
	drained := h.drain()
	testkit.Until(t, func() bool { return h.status("/readyz") == http.StatusServiceUnavailable }, "it does not drain")
	close(release)
	require.Zero(t, testkit.Receive(t, drained, "the drain"))
	require.NoError(t, testkit.Receive(t, asked, "the response"))
}

func TestRequestsThatDoNotEndAreCutWithinTheTimeOfTheStop(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		timeout, stop time.Duration
	}{
		"at the drain timeout":                 {10 * time.Millisecond, stopTime},
		"at once, with a negative timeout":     {-1, stopTime},
		"at half of the time that a stop has":  {time.Hour, 200 * time.Millisecond},
		"before the end of a stop without any": {time.Hour, -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := start(t, httpserver.Config{DrainTimeout: tt.timeout})
			began := make(chan struct{})
			h.Open(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				close(began)
				<-r.Context().Done()
			}))
			asked := make(chan error, 1)
			go func() {
				res, err := h.request("/")
				if err == nil {
					err = res.Body.Close()
				}
				asked <- err
			}()
			testkit.Receive(t, began, "the request")
			ctx, cancel := context.WithTimeout(t.Context(), tt.stop)
			defer cancel()
			require.Equal(t, 1, h.Drain(ctx))
			testkit.Receive(t, asked, "the response")
			require.Len(t, h.lines.FilterMessage("ended requests that were not answered in time").All(), 1)
		})
	}
}

func TestReadinessAlsoNeedsOpenRoutes(t *testing.T) {
	t.Parallel()
	var notReady atomic.Bool
	s, err := httpserver.New(httpserver.Config{Addr: "127.0.0.1:0"}, httpserver.Probes{
		Ready: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if notReady.Load() {
				http.Error(w, "no database", http.StatusServiceUnavailable)
			}
		}),
	}, nil)
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	h := &harness{Server: s, t: t, client: &http.Client{Transport: &http.Transport{}}}
	t.Cleanup(h.client.CloseIdleConnections)
	requireNotReady := func(why string) {
		status, body, _ := h.get("/readyz")
		require.Equal(t, http.StatusServiceUnavailable, status)
		require.Equal(t, why+"\n", body)
	}
	requireNotReady("starting")
	h.Open(http.HandlerFunc(hello))
	require.Equal(t, http.StatusOK, h.status("/readyz"))
	notReady.Store(true)
	requireNotReady("no database")
	notReady.Store(false)
	require.Zero(t, testkit.Receive(t, h.drain(), "the drain"))
	requireNotReady("stopping")
	require.NoError(t, s.Stop(t.Context()))
}

func TestWhatOutlastsADrainIsServedUntilTheStop(t *testing.T) {
	t.Parallel()
	h := start(t, httpserver.Config{Outlast: func(r *http.Request) bool { return r.URL.Path == "/longer" }})
	h.Open(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery == "stream" {
			stream(w, r)
		}
		hello(w, r)
	}))
	res, err := h.request("/longer?stream")
	require.NoError(t, err)
	defer res.Body.Close()
	require.Zero(t, testkit.Receive(t, h.drain(), "the drain"))
	_, body, _ := h.get("/longer")
	require.Equal(t, "hello", body)
	require.Equal(t, http.StatusServiceUnavailable, h.status("/other"))
	event, err := bufio.NewReader(res.Body).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "event\n", event)

	ctx, cancel := context.WithTimeout(t.Context(), stopTime)
	defer cancel()
	require.NoError(t, h.Stop(ctx))
	testkit.Receive(t, h.Done(), "the end")
	require.NoError(t, h.Err())
}

func TestAServerIsStartedOnce(t *testing.T) {
	t.Parallel()
	h := start(t, httpserver.Config{})
	require.EqualError(t, h.Start(t.Context()), "httpserver: it was started before; make a new one")
	taken, err := httpserver.New(httpserver.Config{Addr: h.Addr().String()}, httpserver.Probes{}, nil)
	require.NoError(t, err)
	require.ErrorContains(t, taken.Start(t.Context()), "choose another Addr, or port 0 for a free one")
	require.NoError(t, taken.Stop(t.Context()))
}

func TestConfigMistakes(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]httpserver.Config{
		`httpserver: Addr is "3000": it must be "host:port" or ":port"`:                     {Addr: "3000"},
		`httpserver: ReadyPath is "readyz": it must begin with a slash, or be "-" for none`: {ReadyPath: "readyz"},
		`httpserver: LivePath is "/readyz": it must be another path than ReadyPath`:         {LivePath: "/readyz"},
		`httpserver: LivePath is "live": it must begin with a slash, or be "-" for none`:    {LivePath: "live"},
		``: {ReadyPath: httpserver.NoPath, LivePath: httpserver.NoPath},
	} {
		t.Run(want, func(t *testing.T) {
			_, err := httpserver.New(cfg, httpserver.Probes{}, nil)
			if want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, want)
		})
	}
}
