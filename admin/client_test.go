package admin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/testkit"
)

func TestNewNamesTheUnusableField(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cfg  admin.Config
		want string
	}{
		"without a scheme":           {admin.Config{URL: "localhost:9070"}, `admin: URL "localhost:9070": does not start with http`},
		"of another scheme":          {admin.Config{URL: "ftp://localhost"}, `admin: URL "ftp://localhost": does not start with http`},
		"without a host":             {admin.Config{URL: "http://:9070"}, `admin: URL "http://:9070": has no host`},
		"with a query":               {admin.Config{URL: "http://localhost:9070?a=b"}, "has a query or fragment"},
		"with a fragment":            {admin.Config{URL: "http://localhost:9070#a"}, "has a query or fragment"},
		"not a URL":                  {admin.Config{URL: "http://me:hunter2%@localhost"}, `admin: URL "http://localhost": not a URL`},
		"two credentials":            {admin.Config{URL: "http://me:hunter2@localhost", AuthToken: "hunter2"}, "set one of them"},
		"token with a newline":       {admin.Config{AuthToken: "hunter2\n"}, "admin: AuthToken: has a line break"},
		"header with a space":        {admin.Config{Headers: map[string]string{"X Key": "hunter2"}}, `admin: Headers: "X Key" is not a header name`},
		"header without a name":      {admin.Config{Headers: map[string]string{"": "hunter2"}}, "a header without a name"},
		"header value with a return": {admin.Config{Headers: map[string]string{"X-Key": "hunter2\r"}}, `admin: Headers: the value of header "X-Key" has a line break`},
		"one header twice":           {admin.Config{Headers: map[string]string{"X-Key": "hunter2", "x-key": "hunter2"}}, `admin: Headers: headers "X-Key" and "x-key" are the same`},
		"a header of the connection": {admin.Config{Headers: map[string]string{"Connection": "close"}}, "admin: Headers: header Connection is about the connection"},
		"a header of the length":     {admin.Config{Headers: map[string]string{"Content-Length": "7"}}, "admin: Headers: header Content-Length is about the connection"},
		"a header of the client's":   {admin.Config{Headers: map[string]string{"Accept": "text/html"}}, "admin: Headers: header Accept is the client's own"},
		"another of the client's":    {admin.Config{Headers: map[string]string{"Content-Type": "text/html"}}, "admin: Headers: header Content-Type is the client's own"},
		"a host that is invalid":     {admin.Config{Headers: map[string]string{"Host": "/"}}, "admin: Headers: header Host: the value is not a host"},
		"a token and credentials":    {admin.Config{AuthToken: "hunter2", Headers: map[string]string{"Authorization": "Basic hunter2"}}, "admin: AuthToken and Headers both carry credentials"},
		"a URL and credentials":      {admin.Config{URL: "http://me:hunter2@localhost", Headers: map[string]string{"Authorization": "Basic hunter2"}}, "admin: URL and Headers both carry credentials"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := admin.New(test.cfg)
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestZeroConfigIsTheLocalServer(t *testing.T) {
	t.Parallel()
	client, err := admin.New(admin.Config{})
	require.NoError(t, err)
	require.Equal(t, "http://localhost:9070", client.URL())
}

func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	cfg := admin.Config{
		URL:       "http://me:hunter1@localhost:9070",
		AuthToken: "hunter2",
		Headers:   map[string]string{"X-Key": "hunter3"},
	}
	marshalled, err := json.Marshal(cfg)
	require.NoError(t, err)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("start", "config", cfg)
	slog.New(slog.NewTextHandler(&log, nil)).Info("start", "config", cfg)
	shown := []string{
		fmt.Sprint(cfg), fmt.Sprintf("%+v", cfg), fmt.Sprintf("%#v", cfg), fmt.Sprintf("%+v", struct{ C admin.Config }{cfg}),
		string(marshalled), log.String(),
	}
	for _, text := range shown {
		t.Run(text, func(t *testing.T) {
			require.Contains(t, text, "http://localhost:9070")
			require.Contains(t, text, "X-Key")
		})
	}

	cfg.AuthToken = ""
	client, err := admin.New(cfg)
	require.NoError(t, err)
	shown = append(shown, client.URL(), fmt.Sprint(client), fmt.Sprintf("%+v", client), fmt.Sprintf("%#v", client))
	for _, text := range shown {
		t.Run(text, func(t *testing.T) {
			require.NotContains(t, text, "hunter")
			require.Contains(t, text, "localhost:9070")
		})
	}
}

func TestHealthAndVersion(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{URL: testkit.Server().AdminURL() + "/"})
	require.NoError(t, client.Health(testkit.Context(t)))

	version, err := client.Version(testkit.Context(t))
	require.NoError(t, err)
	require.Regexp(t, `^\d+\.\d+\.\d+`, version.Version)
	require.Equal(t, strings.TrimSuffix(testkit.Server().IngressURL(), "/"), strings.TrimSuffix(version.IngressEndpoint, "/"))
	require.GreaterOrEqual(t, version.MaxAdminAPIVersion, version.MinAdminAPIVersion)
	require.Positive(t, version.MinAdminAPIVersion)
}

// gateway is a proxy in front of the real admin API, under a prefix. It records
// requests, and responds itself where answer says so.
type gateway struct {
	url string

	mu   sync.Mutex
	seen []*http.Request
	// some answers some requests in place of the server.
	some func(*http.Request) http.HandlerFunc
}

// intercept makes the gateway answer the requests for which some returns a handler.
func (g *gateway) intercept(some func(*http.Request) http.HandlerFunc) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.some = some
}

func newGateway(t testing.TB, answer http.HandlerFunc) *gateway {
	target, err := url.Parse(testkit.Server().AdminURL())
	require.NoError(t, err)
	g := &gateway{}
	forward := http.StripPrefix("/gate", httputil.NewSingleHostReverseProxy(target))
	g.url = "http://" + testkit.Listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		g.seen = append(g.seen, r.Clone(context.Background()))
		some := g.some
		g.mu.Unlock()
		if some != nil {
			if own := some(r); own != nil {
				own(w, r)
				return
			}
		}
		if answer != nil {
			answer(w, r)
			return
		}
		forward.ServeHTTP(w, r)
	})) + "/gate"
	return g
}

func (g *gateway) requests() []*http.Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.seen
}

func TestTokenHeadersAndPrefixGoWithEachCall(t *testing.T) {
	t.Parallel()
	gate := newGateway(t, nil)
	client := newClient(t, admin.Config{
		URL:       gate.url + "/",
		AuthToken: "t0ken",
		Headers:   map[string]string{"x-key": "abc"},
	})
	require.NoError(t, client.Health(testkit.Context(t)))
	_, err := client.Deployments(testkit.Context(t))
	require.NoError(t, err)
	_, err = admin.Query[map[string]any](testkit.Context(t), client, "SELECT 1")
	require.NoError(t, err)

	requests := gate.requests()
	require.Len(t, requests, 3)
	for i, want := range []string{"GET /gate/health", "GET /gate/deployments", "POST /gate/query"} {
		t.Run(want, func(t *testing.T) {
			require.Equal(t, want, requests[i].Method+" "+requests[i].RequestURI)
			require.Equal(t, "Bearer t0ken", requests[i].Header.Get("Authorization"))
			require.Equal(t, "abc", requests[i].Header.Get("X-Key"))
			require.Equal(t, "application/json", requests[i].Header.Get("Accept"))
		})
	}
}

func TestTheHostIsSentAsSuch(t *testing.T) {
	t.Parallel()
	gate := newGateway(t, nil)
	client := newClient(t, admin.Config{URL: gate.url, Headers: map[string]string{"host": "admin.example.com"}})
	require.NoError(t, client.Health(testkit.Context(t)))
	require.Equal(t, "admin.example.com", gate.requests()[0].Host)
}

func TestAllMistakesAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := admin.New(admin.Config{URL: "localhost:9070", AuthToken: "a\n", Headers: map[string]string{"X Key": "a", "Connection": "close"}})
	for _, want := range []string{`admin: URL "localhost:9070"`, "admin: AuthToken: has", `admin: Headers: "X Key" is no`, "admin: Headers: header Connection"} {
		t.Run(want, func(t *testing.T) {
			require.ErrorContains(t, err, want)
		})
	}
}

func TestWithoutTokenThereIsNoAuthorization(t *testing.T) {
	t.Parallel()
	gate := newGateway(t, nil)
	require.NoError(t, newClient(t, admin.Config{URL: gate.url}).Health(testkit.Context(t)))
	require.NotContains(t, gate.requests()[0].Header, "Authorization")
}

func TestUserinfoOfTheURLIsBasicAuthentication(t *testing.T) {
	t.Parallel()
	gate := newGateway(t, nil)
	client := newClient(t, admin.Config{URL: strings.Replace(gate.url, "http://", "http://me:hunter2@", 1)})
	require.NoError(t, client.Health(testkit.Context(t)))
	user, password, ok := gate.requests()[0].BasicAuth()
	require.True(t, ok)
	require.Equal(t, "me hunter2", user+" "+password)
}

func TestNamesCannotLeaveTheirPathSegment(t *testing.T) {
	t.Parallel()
	gate := newGateway(t, nil)
	client := newClient(t, admin.Config{URL: gate.url})

	for _, name := range []string{"a/b", "../deployments", "a?b=c", "a#b", "a b", "ä%2F", "a%", "\n"} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Service(testkit.Context(t), name)
			failed := requireError(t, err, http.StatusNotFound, "")
			require.Equal(t, "/services/"+url.PathEscape(name), failed.Path)
			if name != "\n" { // The message is one line.
				require.Contains(t, failed.Message, "'"+name+"'", "the server saw another name")
			}
		})
	}
	seen := len(gate.requests())
	for _, name := range []string{"", ".", ".."} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Service(testkit.Context(t), name)
			require.ErrorContains(t, err, fmt.Sprintf("%q is not a name or an id", name))
			require.Error(t, client.CancelInvocation(testkit.Context(t), name))
			require.Error(t, client.DeleteDeployment(testkit.Context(t), name, true))
		})
	}
	require.Len(t, gate.requests(), seen, "a call was made")
}

func TestConnectionErrorsNameTheURLWithoutCredentials(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())

	client := newClient(t, admin.Config{URL: "http://me:hunter2@" + address})
	err = client.Health(testkit.Context(t))
	var failed *admin.ConnectionError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, "http://"+address+"/health", failed.URL)
	require.True(t, admin.Retryable(err))
	require.ErrorContains(t, err, "admin: GET http://"+address+"/health: dial tcp")
	require.ErrorContains(t, err, "does a restate-server run there")
	require.NotContains(t, err.Error(), "hunter2")
	var operation *net.OpError
	require.ErrorAs(t, err, &operation)
}

func TestRefusedCertificateIsNotRetryable(t *testing.T) {
	t.Parallel()
	target, err := url.Parse(testkit.Server().AdminURL())
	require.NoError(t, err)
	gate := newTLSServer(t, httputil.NewSingleHostReverseProxy(target))
	err = newClient(t, admin.Config{URL: gate.URL}).Health(testkit.Context(t))
	require.ErrorContains(t, err, "certificate")
	require.False(t, admin.Retryable(err))

	require.NoError(t, newClient(t, admin.Config{URL: gate.URL, HTTPClient: gate.Client()}).Health(testkit.Context(t)))
}

func TestContextEndsACall(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	gate := newGateway(t, func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	err := newClient(t, admin.Config{URL: gate.url}).Health(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

func TestAnswerThatIsNotTheAdminAPIs(t *testing.T) {
	t.Parallel()
	gate := newGateway(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>welcome</html>") })
	_, err := newClient(t, admin.Config{URL: gate.url}).Services(testkit.Context(t))
	require.ErrorContains(t, err, "admin: GET "+gate.url+"/services: status 200, but the response is not that of an admin API: does the URL lead to one? (invalid character '<'")
	require.False(t, admin.Retryable(err))
}

func TestEndlessAnswerIsCutOff(t *testing.T) {
	t.Parallel()
	cut := make(chan struct{})
	gate := newGateway(t, func(w http.ResponseWriter, _ *http.Request) {
		defer close(cut)
		chunk := bytes.Repeat([]byte(" "), 1<<20)
		for {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	_, err := newClient(t, admin.Config{URL: gate.url}).Services(testkit.Context(t))
	require.EqualError(t, err, "admin: GET "+gate.url+"/services: the response is larger than 64 MiB: ask for less at a time")
	require.False(t, admin.Retryable(err))
	<-cut
}

func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	gate := newGateway(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://me:hunter2@login.example/\u202e", http.StatusFound)
	})
	err := newClient(t, admin.Config{URL: gate.url}).Health(testkit.Context(t))
	failed := requireError(t, err, http.StatusFound, "")
	require.Contains(t, failed.Message, "redirected to https://login.example/")
	require.ErrorContains(t, err, "use the address that responds without a redirect")
	require.NotContains(t, err.Error(), "hunter2")
	require.False(t, admin.Retryable(err))
	require.Len(t, gate.requests(), 1)
}

func newTLSServer(t testing.TB, handler http.Handler) *httptest.Server {
	srv := httptest.NewUnstartedServer(handler)
	// The refused handshake is the point of the test, not news.
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv
}
