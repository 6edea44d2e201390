package endpoint_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/internal/testkit"
)

const invocationV5 = "application/vnd.restate.invocation.v5"

func TestWhatIsNoInvocationIsRefusedBeforeTheSDKSeesIt(t *testing.T) {
	t.Parallel()
	e, lines := start(t, endpoint.Config{}, define(t, name(t), &Waiter{}))
	known := "/invoke/" + name(t) + "/Ping"
	quiet := lines.Len()
	for _, tt := range []struct {
		name, method, path, contentType string
		want                            int
	}{
		{"an unknown service", http.MethodPost, "/invoke/nobody/Ping", invocationV5, http.StatusNotFound},
		{"an unknown handler of a known service", http.MethodPost, known + "s", invocationV5, http.StatusNotFound},
		{"a handler in another case", http.MethodPost, strings.ToLower(known), invocationV5, http.StatusNotFound},
		{"a method that is no handler", http.MethodPost, "/invoke/" + name(t) + "/begin", invocationV5, http.StatusNotFound},
		{"no handler", http.MethodPost, "/invoke/" + name(t), invocationV5, http.StatusNotFound},
		{"an empty handler", http.MethodPost, "/invoke/" + name(t) + "/", invocationV5, http.StatusNotFound},
		{"a segment too many", http.MethodPost, known + "/x", invocationV5, http.StatusNotFound},
		{"a slash too many", http.MethodPost, "/" + known, invocationV5, http.StatusNotFound},
		{"a query", http.MethodPost, known + "?x=1", invocationV5, http.StatusNotFound},
		{"an escaped path", http.MethodPost, strings.Replace(known, "P", "%50", 1), invocationV5, http.StatusNotFound},
		{"dots", http.MethodPost, "/discover/.." + known, invocationV5, http.StatusNotFound},
		{"the root", http.MethodGet, "/", "", http.StatusNotFound},
		{"something else", http.MethodGet, "/favicon.ico", "", http.StatusNotFound},
		{"something like health with a query", http.MethodGet, "/healthy?x=1", "", http.StatusNotFound},
		{"a query that names health", http.MethodGet, "/?/health", "", http.StatusNotFound},
		{"an invocation by GET", http.MethodGet, known, invocationV5, http.StatusMethodNotAllowed},
		{"an invocation by PUT", http.MethodPut, known, invocationV5, http.StatusMethodNotAllowed},
		{"discovery by POST", http.MethodPost, "/discover", "", http.StatusMethodNotAllowed},
		{"an invocation without a content type", http.MethodPost, known, "", http.StatusUnsupportedMediaType},
		{"an invocation of JSON", http.MethodPost, known, "application/json", http.StatusUnsupportedMediaType},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(testkit.Context(t), tt.method, url(e)+tt.path, strings.NewReader("{}"))
			require.NoError(t, err)
			if tt.contentType != "" {
				req.Header.Set("Content-Type", tt.contentType)
			}
			a, err := testkit.Do(req)
			require.NoError(t, err)
			require.Equal(t, tt.want, a.Status, a.Text())
			require.True(t, strings.HasPrefix(a.Text(), "endpoint: "), a.Text())
			require.Equal(t, quiet, lines.Len(), "the SDK saw it: %v", lines.All()[quiet:])
		})
	}
	register(t, url(e))
	require.Equal(t, "pong", callString(t, "/"+name(t)+"/Ping", nil))
}

// What looks like an invocation and is none is refused by the SDK, with a line.
func TestWhatOnlyLooksLikeAnInvocationDoesNoHarm(t *testing.T) {
	t.Parallel()
	e, lines := start(t, endpoint.Config{}, define(t, name(t), &Waiter{}))
	register(t, url(e))
	service := name(t)
	for what, tt := range map[string]struct{ contentType, body string }{
		"no body":                       {invocationV5, ""},
		"noise":                         {invocationV5, strings.Repeat("\xff\x00noise", 1000)},
		"a frame that never ends":       {invocationV5, "\x00\x00\x00\x00\x00\x00\x00\x7f"},
		"a frame of four gigabytes":     {invocationV5, "\x00\x00\x00\x00\xff\xff\xff\xff"},
		"a version that does not exist": {"application/vnd.restate.invocation.v99", ""},
		"no version":                    {"application/vnd.restate.invocation.", ""},
	} {
		t.Run(what, func(t *testing.T) {
			req, err := http.NewRequestWithContext(testkit.Context(t), http.MethodPost, url(e)+"/invoke/"+service+"/Ping", strings.NewReader(tt.body))
			require.NoError(t, err)
			req.Header.Set("Content-Type", tt.contentType)
			a, err := testkit.Do(req)
			require.NoError(t, err, what)
			require.GreaterOrEqual(t, a.Status, http.StatusBadRequest, what)
			require.Zero(t, e.InFlight(), what)
			require.Equal(t, "pong", callString(t, "/"+service+"/Ping", nil), what)
			testkit.Until(t, func() bool { return e.InFlight() == 0 }, "the call stays in flight") // its result came first
		})
	}
	require.NotEmpty(t, lines.All())
}

func TestHeaderBombsAreRefused(t *testing.T) {
	t.Parallel()
	e, _ := start(t, endpoint.Config{}, define(t, name(t), &Waiter{}))
	register(t, url(e))
	bomb := strings.Repeat("x", 2<<20)
	h2c := &http.Transport{Protocols: new(http.Protocols)}
	h2c.Protocols.SetUnencryptedHTTP2(true)
	defer h2c.CloseIdleConnections()
	for name, client := range map[string]*http.Client{"HTTP/1.1": testkit.HTTPClient(), "HTTP/2": {Transport: h2c}} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(testkit.Context(t), http.MethodGet, url(e)+"/health", http.NoBody)
			require.NoError(t, err)
			req.Header.Set("X-Bomb", bomb)
			res, err := client.Do(req)
			if err == nil { // else the server or the client gave up before
				require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, res.StatusCode, name)
				require.NoError(t, res.Body.Close())
			}
		})
	}
	require.Equal(t, "pong", callString(t, "/"+name(t)+"/Ping", nil))
}

// A connection that never sends a whole head is closed.
func TestSlowHeadsAreNotWaitedForForEver(t *testing.T) {
	t.Parallel()
	e, _ := start(t, endpoint.Config{Configure: func(s *http.Server) {
		require.Equal(t, 5*time.Second, s.ReadHeaderTimeout)
		s.ReadHeaderTimeout = 100 * time.Millisecond
	}})
	conn, err := net.Dial("tcp", e.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	_, err = fmt.Fprint(conn, "GET /health HTTP/1.1\r\nHost: x\r\n")
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(testkit.Within)))
	_, err = bufio.NewReader(conn).ReadString(0)
	require.NotErrorIs(t, err, net.ErrClosed)
	var timeout net.Error
	require.False(t, errors.As(err, &timeout) && timeout.Timeout(), "the connection stays open")
}

func TestServesHealth(t *testing.T) {
	t.Parallel()
	e, _ := start(t, endpoint.Config{})
	a := get(t, url(e)+"/health")
	require.Equal(t, http.StatusOK, a.Status)
	require.Equal(t, "ok", a.Text())
}

// Load balancers add a query, and proxies write the absolute form.
func TestHealthAndDiscoveryAreServedAsProxiesAskForThem(t *testing.T) {
	t.Parallel()
	e, _ := start(t, endpoint.Config{IdentityKeys: []string{signingKey.ID()}}, define(t, name(t), &Waiter{}))
	under := testkit.Listen(t, e.Under("/restate"))
	signature := "X-Restate-Signature-Scheme: v1\r\nX-Restate-Jwt-V1: " + signingKey.Token("/discover", time.Minute) + "\r\n"
	for _, tt := range []struct {
		name, target, header string
		want                 int
	}{
		{"health", "/health", "", http.StatusOK},
		{"health with a query", "/health?probe=1", "", http.StatusOK},
		{"health with an empty query", "/health?", "", http.StatusOK},
		{"health in absolute form", "http://example.com/health", "", http.StatusOK},
		{"health in absolute form with a query", "https://example.com:8443/health?probe=1", "", http.StatusOK},
		{"discovery", "/discover", signature, http.StatusOK},
		{"discovery with a query", "/discover?v=1", signature, http.StatusOK},
		{"discovery in absolute form", "http://example.com/discover", signature, http.StatusOK},
		{"discovery with a query that nobody signed", "/discover?v=1", "", http.StatusUnauthorized},
		{"discovery in absolute form that nobody signed", "http://example.com/discover?v=1", "", http.StatusUnauthorized},
		{"an absolute form without a path", "http://example.com", "", http.StatusUnauthorized},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, rawStatus(t, e.Addr().String(), tt.target, tt.header))
			if prefix, path, absolute := strings.Cut(tt.target, ".com"); absolute {
				port, rest, _ := strings.Cut(path, "/")
				require.Equal(t, tt.want == http.StatusOK, rawStatus(t, under, prefix+".com"+port+"/restate/"+rest, tt.header) == http.StatusOK)
			} else {
				require.Equal(t, tt.want, rawStatus(t, under, "/restate"+tt.target, tt.header))
			}
		})
	}
}

func TestHealthIsServedAsProxiesAskForItInEachMode(t *testing.T) {
	t.Parallel()
	def := define(t, "proxied", &Waiter{})
	listening, _ := start(t, endpoint.Config{}, def)
	buffered, _ := start(t, endpoint.Config{RequestResponse: true}, def)
	versioned, _ := start(t, endpoint.Config{Version: endpoint.Version{Name: "v2"}}, def)
	mounted, _ := newEndpoint(t, endpoint.Config{Mode: endpoint.Mounted}, def)
	router, mux := chi.NewRouter(), http.NewServeMux()
	router.Mount("/api/restate", mounted.Under("/api/restate"))
	mux.Handle("/restate/", mounted.Under("/restate"))
	for _, mode := range []struct{ name, addr, prefix string }{
		{"that listens", listening.Addr().String(), ""},
		{"in request-response mode", buffered.Addr().String(), ""},
		{"with a version", versioned.Addr().String(), ""},
		{"with a version, at its path", versioned.Addr().String(), "/v/v2"},
		{"as the handler of a server", testkit.Listen(t, mounted), ""},
		{"in a chi router", testkit.Listen(t, router), "/api/restate"},
		{"in a mux", testkit.Listen(t, mux), "/restate"},
	} {
		for _, form := range []string{"%s/health", "%s/health?x=1", "http://example.com%s/health", "https://example.com:8443%s/health?x=1", "HTTP://127.0.0.1%s/health?"} {
			target := fmt.Sprintf(form, mode.prefix)
			t.Run(fmt.Sprintf("by an endpoint %s, as %s", mode.name, target), func(t *testing.T) {
				require.Equal(t, http.StatusOK, rawStatus(t, mode.addr, target, ""))
			})
		}
	}
}

// rawStatus asks for a target as it is written.
func rawStatus(t testing.TB, addr, target, header string) int {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: example.com\r\nAccept: %s\r\n%sConnection: close\r\n\r\n", target, discoveryV4, header)
	require.NoError(t, err)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode
}

func TestAddrTellsTheBoundPort(t *testing.T) {
	t.Parallel()
	e, _ := newEndpoint(t, endpoint.Config{Addr: "127.0.0.1:0"})
	require.Nil(t, e.Addr())
	require.Zero(t, e.Port())
	require.Equal(t, "127.0.0.1:0", e.Config().Addr)

	require.NoError(t, e.Start(testkit.Context(t)))
	require.NotZero(t, e.Port())
	require.Equal(t, fmt.Sprintf("127.0.0.1:%d", e.Port()), e.Addr().String())
	require.Equal(t, http.StatusOK, get(t, url(e)+"/health").Status)

	stop(t, e)
	require.NotZero(t, e.Port())
}

func TestAStopFreesThePort(t *testing.T) {
	t.Parallel()
	addr := testkit.StableAddr(t)
	e, _ := start(t, endpoint.Config{Addr: addr})
	stop(t, e)
	require.Equal(t, addr, e.Addr().String())
	_, err := net.Dial("tcp", addr)
	require.Error(t, err, "it still listens")
	other, _ := start(t, endpoint.Config{Addr: addr})
	require.Equal(t, e.Port(), other.Port())
}

func TestATakenPortFailsTheStart(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	addr := l.Addr().String()
	e, _ := newEndpoint(t, endpoint.Config{Addr: addr})
	err = e.Start(testkit.Context(t))
	require.ErrorContains(t, err, "endpoint: listen on "+addr+": ")
	require.ErrorContains(t, err, "address already in use; choose another Addr, or port 0 for a free one")
	require.Nil(t, e.Addr())
	require.NoError(t, e.Stop(testkit.Context(t)), "there is nothing to stop")
}

func TestAnEndpointStartsOnce(t *testing.T) {
	t.Parallel()
	e, _ := start(t, endpoint.Config{})
	require.EqualError(t, e.Start(testkit.Context(t)), "endpoint: it was started before; make a new one")
	stop(t, e)
	require.EqualError(t, e.Start(testkit.Context(t)), "endpoint: it was started before; make a new one")
}

func TestServesHTTP11AndRequestResponse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name             string
		http11, response bool
		version, mode    string
	}{
		{"HTTP/2, streaming both ways", false, false, "HTTP/2.0", "BidiStream"},
		{"HTTP/2, request-response", false, true, "HTTP/2.0", "RequestResponse"},
		{"HTTP/1.1, streaming both ways", true, false, "HTTP/1.1", "BidiStream"},
		{"HTTP/1.1, request-response", true, true, "HTTP/1.1", "RequestResponse"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &Stepper{}
			e, lines := start(t, endpoint.Config{RequestResponse: tt.response}, define(t, name(t), s))
			d := registerAs(t, admin.RegisterDeploymentRequest{URI: url(e), UseHTTP11: tt.http11})
			require.Equal(t, tt.version, d.HTTPVersion)
			require.Equal(t, tt.mode, d.ProtocolType)
			require.Equal(t, 3, testkit.Decode[int](t, testkit.Post(t, "/"+name(t)+"/Three", nil)))
			require.EqualValues(t, 3, s.steps.Load())
			if tt.response {
				require.NotEmpty(t, messages(lines, "Suspending invocation"))
			} else {
				require.Empty(t, messages(lines, "Suspending invocation"))
			}
			requireNothingAbove(t, lines, "info")
		})
	}
}

func TestServesTLS(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		http11  bool
		version string
	}{
		{"over HTTP/2", false, "HTTP/2.0"},
		{"over HTTP/1.1", true, "HTTP/1.1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e, _ := start(t, endpoint.Config{TLS: &tls.Config{Certificates: []tls.Certificate{certificate}}}, define(t, name(t), &Stepper{}))
			d := registerAs(t, admin.RegisterDeploymentRequest{URI: strings.Replace(url(e), "http:", "https:", 1), UseHTTP11: tt.http11})
			require.Equal(t, tt.version, d.HTTPVersion)
			require.Equal(t, 3, testkit.Decode[int](t, testkit.Post(t, "/"+name(t)+"/Three", nil)))
		})
	}
}

func TestConfigureAdjustsTheServer(t *testing.T) {
	t.Parallel()
	own := &tls.Config{Certificates: []tls.Certificate{certificate}}
	e, _ := start(t, endpoint.Config{TLS: own, Configure: func(s *http.Server) {
		require.NotSame(t, own, s.TLSConfig, "the configuration is the user's")
		inner := s.Handler
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Configured", "yes")
			inner.ServeHTTP(w, r)
		})
		s.TLSConfig.MinVersion = tls.VersionTLS13
	}})
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authorityPool}}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(testkit.Context(t), http.MethodGet, strings.Replace(url(e), "http:", "https:", 1)+"/health", http.NoBody)
	require.NoError(t, err)
	res, err := transport.RoundTrip(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, "yes", res.Header.Get("X-Configured"))
	require.EqualValues(t, tls.VersionTLS13, res.TLS.Version)
	require.Zero(t, own.MinVersion)
}

func TestAServerThatFailsIsLoggedAndFailsTheStop(t *testing.T) {
	t.Parallel()
	e, lines := newEndpoint(t, endpoint.Config{Addr: "127.0.0.1:0", Configure: func(s *http.Server) {
		s.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS13} // without a certificate
	}})
	require.NoError(t, e.Start(testkit.Context(t)))
	testkit.Until(t, func() bool { return len(messages(lines, "the endpoint does not serve any more")) == 1 }, "no line")
	testkit.Until(t, func() bool { return e.Err() != nil }, "no error")
	require.ErrorContains(t, e.Stop(testkit.Context(t)), "endpoint: stop: ")
}

func TestAnEndpointThatServesHasNoError(t *testing.T) {
	t.Parallel()
	e, lines := start(t, endpoint.Config{})
	require.NoError(t, e.Err())
	stop(t, e)
	require.NoError(t, e.Err(), "a stop is no failure")
	require.Empty(t, messages(lines, "the endpoint does not serve any more"))
}

func TestStrangersOnATLSPortWriteFewLines(t *testing.T) {
	t.Parallel()
	e, lines := newEndpoint(t, endpoint.Config{Addr: "127.0.0.1:0", TLS: &tls.Config{Certificates: []tls.Certificate{certificate}}}, define(t, name(t), &Stepper{}))
	require.NoError(t, e.Start(testkit.Context(t)))
	const strangers = 200
	for range strangers {
		conn, err := net.Dial("tcp", e.Addr().String())
		require.NoError(t, err)
		_, err = conn.Write([]byte("this is no handshake\r\n\r\n"))
		require.NoError(t, err)
		_, _ = io.Copy(io.Discard, conn) // until the server closes it
		require.NoError(t, conn.Close())
	}
	stop(t, e)
	counted := 0
	told := lines.FilterMessage("errors of connections").All()
	for _, line := range told {
		counted += int(line.ContextMap()["errors"].(int64))
		require.Contains(t, line.ContextMap()["last"], "http: TLS handshake error from 127.0.0.1:")
	}
	require.Equal(t, strangers, counted)
	require.Less(t, len(told), strangers)
}
