package endpoint_test

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/internal/testkit"
)

// ask sends a request to an endpoint without a server between, its target as it is.
func ask(h http.Handler, method, target, contentType, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/", strings.NewReader(body))
	r.RequestURI = target
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Accept", discoveryV4)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// versioned makes a started endpoint that serves version v2, and goes on with v1.
func versioned(t testing.TB) *endpoint.Endpoint {
	t.Helper()
	e, _ := newEndpoint(t, endpoint.Config{
		Mode: endpoint.Mounted, RequestResponse: true,
		Version: endpoint.Version{Name: "v2", Compatible: []string{"v1"}},
	}, define(t, "shapes", &Shapes{}))
	require.NoError(t, e.Start(testkit.Context(t)))
	return e
}

func TestAVersionIsServedBelowItsPath(t *testing.T) {
	t.Parallel()
	e := versioned(t)
	require.Equal(t, "/v/v2", e.VersionPath())
	journal := string(invocationOf(fmt.Sprintf("%024d", 1), `{"sku":"a","amount":1}`))
	const (
		call        = "/invoke/shapes/InOutErr"
		ok          = http.StatusOK
		unavailable = http.StatusServiceUnavailable
		notFound    = http.StatusNotFound
	)
	long := strings.Repeat("x", 100)
	for _, tt := range []struct {
		name, method, target string
		want                 int
	}{
		{"an invocation of the version", http.MethodPost, "/v/v2" + call, ok},
		{"one in absolute form", http.MethodPost, "http://host:9080/v/v2" + call, ok},
		{"one of a compatible version", http.MethodPost, "/v/v1" + call, ok},
		{"one of another version", http.MethodPost, "/v/v3" + call, unavailable},
		{"one of another version in absolute form", http.MethodPost, "http://host/v/v3" + call, unavailable},
		{"one of a handler that only another version has", http.MethodPost, "/v/v3/invoke/shapes/Gone", unavailable},
		{"one of a service that only another version has", http.MethodPost, "/v/v3/invoke/gone/InOutErr", unavailable},
		{"one without a version", http.MethodPost, call, unavailable},
		{"one of the longest name", http.MethodPost, "/v/" + long + call, unavailable},
		{"one of a name in another case", http.MethodPost, "/v/V2" + call, unavailable},
		{"one of a name that begins as the version's", http.MethodPost, "/v/v20" + call, unavailable},
		{"one of a name with dots", http.MethodPost, "/v/.v2." + call, unavailable},

		{"discovery of the version", http.MethodGet, "/v/v2/discover", ok},
		{"discovery with a query", http.MethodGet, "/v/v2/discover?a=b", ok},
		{"discovery of a compatible version", http.MethodGet, "/v/v1/discover", unavailable},
		{"discovery of another version", http.MethodGet, "/v/v3/discover", unavailable},
		{"discovery without a version", http.MethodGet, "/discover", unavailable},

		{"health", http.MethodGet, "/health", ok},
		{"health with a query", http.MethodGet, "/health?a=b", ok},
		{"health of the version", http.MethodGet, "/v/v2/health", ok},
		{"health of a compatible version", http.MethodGet, "/v/v1/health", ok},
		{"health of another version", http.MethodGet, "/v/v3/health", unavailable},
		{"health of no version's name", http.MethodGet, "/v//health", notFound},

		{"an unknown handler", http.MethodPost, "/v/v2/invoke/shapes/Gone", notFound},
		{"an unknown handler of a compatible version", http.MethodPost, "/v/v1/invoke/shapes/Gone", notFound},
		{"the version alone", http.MethodPost, "/v/v2", notFound},
		{"the version and a slash", http.MethodPost, "/v/v2/", notFound},
		{"another version alone", http.MethodPost, "/v/v3", notFound},
		{"no version", http.MethodPost, "/v/" + call, notFound},
		{"the prefix alone", http.MethodPost, "/v", notFound},
		{"an empty version", http.MethodPost, "/v//invoke/shapes/InOutErr", notFound},
		{"a doubled slash before the version", http.MethodPost, "/v//v2" + call, notFound},
		{"a doubled slash in front", http.MethodPost, "//v/v2" + call, notFound},
		{"a doubled slash behind", http.MethodPost, "/v/v2/" + call, notFound},
		{"the version twice", http.MethodPost, "/v/v2/v/v2" + call, notFound},
		{"another version before it", http.MethodPost, "/v/v3/v/v2" + call, notFound},
		{"the version before another", http.MethodPost, "/v/v2/v/v3" + call, notFound},
		{"an encoded version", http.MethodPost, "/v/%76%32" + call, notFound},
		{"an encoded slash behind", http.MethodPost, "/v/v2%2Finvoke/shapes/InOutErr", notFound},
		{"an encoded slash in front", http.MethodPost, "/v%2Fv2" + call, notFound},
		{"a dot", http.MethodPost, "/v/./v2" + call, notFound},
		{"two dots as a version", http.MethodPost, "/v/.." + call, notFound},
		{"two dots behind another version", http.MethodPost, "/v/v3/../v2" + call, notFound},
		{"two dots behind the version", http.MethodPost, "/v/v2/.." + call, notFound},
		{"a space", http.MethodPost, "/v/v2 " + call, notFound},
		{"a semicolon", http.MethodPost, "/v/v2;v3" + call, notFound},
		{"a backslash", http.MethodPost, `/v/v2\` + call, notFound},
		{"a null byte", http.MethodPost, "/v/v3\x00" + call, notFound},
		{"a line break", http.MethodPost, "/v/v3\n" + call, notFound},
		{"an umlaut", http.MethodPost, "/v/\u00fc" + call, notFound},
		{"a name of a byte too many", http.MethodPost, "/v/x" + long + call, notFound},
		{"a very long name", http.MethodPost, "/v/" + strings.Repeat("x", 1<<20) + call, notFound},
		{"the name of a constant", http.MethodPost, "/v/" + endpoint.ByInterface + call, notFound},
		{"the name of the other constant", http.MethodPost, "/v/" + endpoint.Unversioned + call, notFound},
		{"a query", http.MethodPost, "/v/v2" + call + "?a=b", notFound},
		{"a query for another version", http.MethodPost, "/v/v3" + call + "?a=b", notFound},
		{"no handler of another version", http.MethodPost, "/v/v3/invoke/shapes", notFound},
		{"an empty handler of another version", http.MethodPost, "/v/v3/invoke/shapes/", notFound},
		{"an empty service of another version", http.MethodPost, "/v/v3/invoke//InOutErr", notFound},
		{"too much of another version", http.MethodPost, "/v/v3" + call + "/more", notFound},
		{"something else of another version", http.MethodPost, "/v/v3/admin", notFound},
		{"an asterisk", http.MethodPost, "*", notFound},
		{"nothing", http.MethodPost, "", notFound},
		{"another method for the version", http.MethodPut, "/v/v2" + call, http.StatusMethodNotAllowed},
		{"another method for another version", http.MethodPut, "/v/v3" + call, http.StatusMethodNotAllowed},
		{"a POST to discover another version", http.MethodPost, "/v/v3/discover", http.StatusMethodNotAllowed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := ask(e, tt.method, tt.target, invocationV5, journal)
			require.Equal(t, tt.want, w.Code, w.Body.String())
			after := "^$"
			if tt.want == unavailable {
				after = "^[12]$"
			}
			require.Regexp(t, after, w.Header().Get("Retry-After"))
		})
	}
	t.Run("another content type for another version", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, http.StatusUnsupportedMediaType, ask(e, http.MethodPost, "/v/v3"+call, "text/html", journal).Code)
	})
}

func TestARefusalNamesBothVersions(t *testing.T) {
	t.Parallel()
	e := versioned(t)
	for _, tt := range []struct{ name, target, want string }{
		{"of another version", "/v/v3/invoke/shapes/InOutErr", `endpoint: it serves version "v2", and not "v3"`},
		{"of none", "/invoke/shapes/InOutErr", `endpoint: it serves version "v2" below /v/v2, and not what is registered without a version`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want+"\n", ask(e, http.MethodPost, tt.target, invocationV5, "").Body.String())
		})
	}
}

// A balancer of connections, as a Service of Kubernetes is one, sends all requests of a
// connection to the same process.
func TestARefusedVersionComesAgainOnAnotherConnection(t *testing.T) {
	t.Parallel()
	srv := httptest.NewUnstartedServer(versioned(t))
	srv.Config.Protocols = new(http.Protocols)
	srv.Config.Protocols.SetUnencryptedHTTP2(true)
	srv.Start()
	t.Cleanup(srv.Close)
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	send := func(target string) (status int, connection string) {
		ctx := httptrace.WithClientTrace(testkit.Context(t), &httptrace.ClientTrace{
			GotConn: func(c httptrace.GotConnInfo) { connection = c.Conn.LocalAddr().String() },
		})
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+target, nil)
		require.NoError(t, err)
		r.Header.Set("Accept", discoveryV4)
		res, err := transport.RoundTrip(r)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, res.Body)
		require.NoError(t, errors.Join(err, res.Body.Close()))
		return res.StatusCode, connection
	}

	status, first := send("/v/v2/discover")
	require.Equal(t, http.StatusOK, status)
	_, same := send("/v/v2/discover")
	require.Equal(t, first, same, "a connection is used again while nothing was refused on it")
	testkit.Eventually(t, func() error { // about every second refusal ends its connection
		status, connection := send("/v/v3/discover")
		require.Equal(t, http.StatusServiceUnavailable, status)
		if connection == first {
			return errors.New("the connection of the refused request is used again")
		}
		return nil
	})
}

func TestWithoutAVersionThoseOfAllVersionsAreRefused(t *testing.T) {
	t.Parallel()
	e, _ := newEndpoint(t, endpoint.Config{Mode: endpoint.Mounted}, define(t, "shapes", &Shapes{}))
	require.NoError(t, e.Start(testkit.Context(t)))
	require.Empty(t, e.VersionPath())
	for target, want := range map[string]int{
		"/discover":               http.StatusOK,
		"/health":                 http.StatusOK,
		"/v/v1/discover":          http.StatusServiceUnavailable,
		"/v/v1/health":            http.StatusServiceUnavailable,
		"/v/discover":             http.StatusNotFound,
		"/v/unversioned/discover": http.StatusNotFound,
		"/v/interface/discover":   http.StatusNotFound,
		"/v/v1":                   http.StatusNotFound,
		"/v/v1/orders":            http.StatusNotFound,
	} {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, want, ask(e, http.MethodGet, target, "", "").Code)
		})
	}
	t.Run("with a reason", func(t *testing.T) {
		t.Parallel()
		w := ask(e, http.MethodPost, "/v/v1/invoke/shapes/InOutErr", invocationV5, "")
		require.Equal(t, http.StatusServiceUnavailable, w.Code)
		require.Equal(t, "endpoint: it serves no version, and not \"v1\"\n", w.Body.String())
	})
}

func TestUnversionedRequestsAreServedWhereTheyAreDeclaredCompatible(t *testing.T) {
	t.Parallel()
	e, _ := newEndpoint(t, endpoint.Config{
		Mode: endpoint.Mounted, RequestResponse: true,
		Version: endpoint.Version{Name: "v2", Compatible: []string{endpoint.Unversioned}},
	}, define(t, "shapes", &Shapes{}))
	require.NoError(t, e.Start(testkit.Context(t)))
	journal := string(invocationOf(fmt.Sprintf("%024d", 1), `{"sku":"a","amount":1}`))
	require.Equal(t, http.StatusOK, ask(e, http.MethodPost, "/invoke/shapes/InOutErr", invocationV5, journal).Code)
	require.Equal(t, http.StatusServiceUnavailable, ask(e, http.MethodPost, "/v/v1/invoke/shapes/InOutErr", invocationV5, journal).Code)
	require.Equal(t, http.StatusServiceUnavailable, ask(e, http.MethodGet, "/discover", "", "").Code)
}

func TestAVersionByInterfaceIsThatOfTheInterface(t *testing.T) {
	t.Parallel()
	byInterface := endpoint.Config{Mode: endpoint.Mounted, Version: endpoint.Version{Name: endpoint.ByInterface}}
	path := func(opts ...restate.ServiceDefinitionOption) string {
		e, _ := newEndpoint(t, byInterface, define(t, "shapes", &Shapes{}, opts...))
		require.NoError(t, e.Start(testkit.Context(t)))
		require.Equal(t, http.StatusOK, ask(e, http.MethodGet, e.VersionPath()+"/discover", "", "").Code)
		return e.VersionPath()
	}
	first := path()
	require.Regexp(t, "^/v/[0-9a-f]{12}$", first)
	require.Equal(t, first, path())
	require.Equal(t, first, path(restate.WithMetadata("team", "a")))
	require.NotEqual(t, first, path(restate.WithInactivityTimeout(time.Hour)))

	t.Run("before the start nothing but health is served", func(t *testing.T) {
		e, _ := newEndpoint(t, byInterface, define(t, "shapes", &Shapes{}))
		require.Empty(t, e.VersionPath())
		require.Equal(t, http.StatusOK, ask(e, http.MethodGet, "/health", "", "").Code)
		w := ask(e, http.MethodPost, first+"/invoke/shapes/InOutErr", invocationV5, "")
		require.Equal(t, http.StatusServiceUnavailable, w.Code)
		require.Equal(t, "endpoint: it is not started, and has no version yet\n", w.Body.String())
	})
}

func TestWhoDoesNotSignLearnsNoVersion(t *testing.T) {
	t.Parallel()
	e, lines := start(t, endpoint.Config{
		IdentityKeys: []string{signingKey.ID()}, Version: endpoint.Version{Name: "v2"},
	}, define(t, name(t), &Waiter{}))
	for _, target := range []string{"/v/v2/discover", "/v/v3/discover", "/discover", "/v/discover"} {
		t.Run(target, func(t *testing.T) {
			w := ask(e, http.MethodGet, target, "", "")
			require.Equal(t, http.StatusUnauthorized, w.Code)
			require.NotContains(t, w.Body.String(), "v2")
		})
	}
	health := ask(e, http.MethodGet, "/v/v3/health", "", "")
	require.Equal(t, http.StatusServiceUnavailable, health.Code)
	require.Equal(t, "endpoint: the version is not served here\n", health.Body.String())
	stop(t, e)
	require.Equal(t, 4, countRefused(t, lines))
}

func TestRefusedVersionsTakeNoPlaceAndFewLines(t *testing.T) {
	t.Parallel()
	w := newWorker()
	e, lines := start(t, endpoint.Config{MaxInFlight: 1, Version: endpoint.Version{Name: "v2"}}, define(t, name(t), w))
	register(t, url(e)+e.VersionPath())
	id := testkit.Submit(t, "/"+name(t)+"/Step", nil)
	testkit.Receive(t, w.begun)

	const requests, callers = 2000, 8
	began := time.Now()
	var all sync.WaitGroup
	for caller := range callers {
		all.Go(func() {
			for i := range requests / callers {
				target := fmt.Sprintf("/v/other-%d-%d/invoke/%s/Step", caller, i, name(t))
				if got := ask(e, http.MethodPost, target, invocationV5, ""); got.Code != http.StatusServiceUnavailable {
					t.Errorf("%s: %d", target, got.Code)
				}
			}
		})
	}
	all.Wait()
	seconds := int(time.Since(began)/time.Second) + 1
	require.Equal(t, 1, e.InFlight())
	require.Zero(t, endpoint.Held(e))
	close(w.release)
	require.Equal(t, 1, testkit.Decode[int](t, testkit.Attach(t, id)))
	stop(t, e)
	said, counted := messages(lines, "refused requests of other versions; Restate sends them again"), 0
	for _, line := range said {
		require.Equal(t, zapcore.InfoLevel, line.Level)
		require.Contains(t, line.ContextMap()["reason"], `it serves version "v2", and not "other-`)
		counted += int(line.ContextMap()["requests"].(int64))
	}
	require.Equal(t, requests, counted)
	require.LessOrEqual(t, len(said), seconds+2)
}

// Turn fails at its first attempt, after a step, and says which version did what.
type Turn struct {
	version        string
	attempts       atomic.Int32
	begun, proceed chan struct{}
}

func newTurn(version string) *Turn {
	return &Turn{version: version, begun: make(chan struct{}), proceed: make(chan struct{})}
}

// Take takes two attempts.
func (t *Turn) Take(ctx restate.Context) (string, error) {
	step, err := restate.Run(ctx, func(restate.RunContext) (string, error) { return t.version, nil })
	if err != nil {
		return "", err
	}
	if t.attempts.Add(1) == 1 {
		close(t.begun)
		<-t.proceed
		return "", errors.New("the first attempt")
	}
	return step + " then " + t.version, nil
}

// crossroads serves what it is set to.
type crossroads struct{ to atomic.Pointer[http.Handler] }

func (c *crossroads) set(h http.Handler) { c.to.Store(&h) }

func (c *crossroads) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	(*c.to.Load()).ServeHTTP(w, r)
}

// The processes of two versions take turns at one address, and that of the other version
// refuses more often than the retry policy has attempts.
func TestAnInvocationWaitsForItsVersion(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		mounted string // under this prefix
		keys    []string
		http11  bool
		request bool
		version string
		next    string
		reason  string
	}{
		{name: "over HTTP/2", version: "v1"},
		{name: "and not for none", version: "v1", next: "none", reason: `it serves no version, and not "v1"`},
		{name: "or for none", reason: "it serves version \"v2\" below /v/v2, and not what is registered without a version"},
		{name: "over HTTP/1.1", version: "v1", http11: true, request: true},
		{name: "mounted", version: "v1", mounted: "/a/restate"},
		{name: "with signatures", version: "v1", keys: []string{signingKey.ID()}},
		{name: "mounted with signatures", version: "v1", mounted: "/a/restate", keys: []string{signingKey.ID()}},
		{name: "of any name", version: "1.2.3-rc.4_~a", keys: []string{signingKey.ID()}},
		{name: "of the longest name", version: strings.Repeat("v", 100)},
		{name: "by interface", version: endpoint.ByInterface},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			policy := restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(10*time.Millisecond),
				restate.WithMaxRetryAttempts(3), restate.KillOnMaxAttempts())
			old, next := newTurn("old"), newTurn("new")
			serving := func(turn *Turn, version string) (*endpoint.Endpoint, *observer.ObservedLogs) {
				e, lines := newEndpoint(t, endpoint.Config{
					Mode: endpoint.Mounted, IdentityKeys: tt.keys, RequestResponse: tt.request,
					Version: endpoint.Version{Name: version},
				}, define(t, name(t), turn, policy))
				require.NoError(t, e.Start(testkit.Context(t)))
				t.Cleanup(func() { stop(t, e) })
				return e, lines
			}
			v1, _ := serving(old, tt.version)
			v2, lines := serving(next, map[string]string{"": "v2", "none": ""}[tt.next])
			var refused atomic.Int32
			road := &crossroads{}
			road.set(v1.Under(tt.mounted))
			uri := serve(t, countStatus(road, http.StatusServiceUnavailable, &refused)) + tt.mounted
			registerAs(t, admin.RegisterDeploymentRequest{URI: uri + v1.VersionPath(), UseHTTP11: tt.http11})

			id := testkit.Submit(t, "/"+name(t)+"/Take", nil)
			testkit.Receive(t, old.begun)
			road.set(v2.Under(tt.mounted))
			close(old.proceed)
			testkit.Until(t, func() bool { return refused.Load() > 3 }, "the server does not come back")
			require.Regexp(t, `'503 Service Unavailable' \(retry after: [12] seconds\)`, *look(t, id).LastFailure)
			line := messages(lines, "refused requests of other versions; Restate sends them again")[0]
			reason := fmt.Sprintf("it serves version \"v2\", and not %q", strings.TrimPrefix(v1.VersionPath(), "/v/"))
			require.Equal(t, "endpoint: "+cmp.Or(tt.reason, reason), line.ContextMap()["reason"])
			road.set(v1.Under(tt.mounted))
			require.Equal(t, "old then old", testkit.Decode[string](t, testkit.Attach(t, id)))
			require.EqualValues(t, 2, old.attempts.Load())
			require.Zero(t, next.attempts.Load())
		})
	}
}

func TestAnInvocationGoesOnWithACompatibleVersion(t *testing.T) {
	t.Parallel()
	old, next := newTurn("old"), newTurn("new")
	next.attempts.Add(1)
	serving := func(turn *Turn, version endpoint.Version) *endpoint.Endpoint {
		e, _ := newEndpoint(t, endpoint.Config{Mode: endpoint.Mounted, Version: version}, define(t, name(t), turn))
		require.NoError(t, e.Start(testkit.Context(t)))
		t.Cleanup(func() { stop(t, e) })
		return e
	}
	v1 := serving(old, endpoint.Version{})
	v2 := serving(next, endpoint.Version{Name: "v2", Compatible: []string{endpoint.Unversioned}})
	road := &crossroads{}
	road.set(v1)
	uri := serve(t, road)
	register(t, uri)
	id := testkit.Submit(t, "/"+name(t)+"/Take", nil)
	testkit.Receive(t, old.begun)
	road.set(v2)
	close(old.proceed)
	require.Equal(t, "old then new", testkit.Decode[string](t, testkit.Attach(t, id)))
}

func TestAnotherURLThanThatOfTheVersionIsNotRegistered(t *testing.T) {
	t.Parallel()
	e, _ := start(t, endpoint.Config{Version: endpoint.Version{Name: "v2", Compatible: []string{"v1", endpoint.Unversioned}}}, define(t, name(t), &Waiter{}))
	for _, tt := range []struct{ name, path, want string }{
		{"without a version", "", `it serves version "v2" below /v/v2`},
		{"of a compatible version", "/v/v1", `it serves version "v2", and not "v1"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := testkit.Admin().RegisterDeployment(testkit.Context(t), admin.RegisterDeploymentRequest{URI: url(e) + tt.path, Force: true})
			require.ErrorContains(t, err, "503")
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// Only what is below the path of a version that is served reaches the SDK.
func FuzzPaths(f *testing.F) {
	e := versioned(f)
	journal := string(invocationOf(fmt.Sprintf("%024d", 1), `{"sku":"a","amount":1}`))
	const call = "/invoke/shapes/InOutErr"
	for _, target := range []string{
		"/v/v2" + call, "/v/v1" + call, "/v/v3" + call, call, "/v//" + call, "/v/%76" + call, "/v/.." + call, "http://a/v/v2" + call,
		"http://a/v/v3/../v2" + call, "//v/v2" + call, "/v/v2" + call + "?", "", "*", "/v/v3/health", "/v/v2/discover?x",
	} {
		f.Add(target)
	}
	f.Fuzz(func(t *testing.T, target string) {
		w := ask(e, http.MethodPost, target, invocationV5, journal)
		switch w.Code {
		case http.StatusOK:
			served := false
			for _, path := range []string{"/v/v2" + call, "/v/v1" + call} {
				served = served || target == path || strings.HasSuffix(target, path) && strings.Contains(target, "://")
			}
			path, _, _ := strings.Cut(target, "?")
			require.True(t, served || strings.HasSuffix(path, "/health"), "%q is served", target)
		case http.StatusServiceUnavailable:
			require.Regexp(t, "^[12]$", w.Header().Get("Retry-After"))
			require.Less(t, w.Body.Len(), 300)
		case http.StatusNotFound, http.StatusMethodNotAllowed:
		default:
			t.Errorf("%q: %d", target, w.Code)
		}
		require.Zero(t, e.InFlight())
	})
}
