package doctor_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/cmd/fxrestate/internal/doctor"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/internal/testkit"
)

func TestAnAddressThatIsNoAdminAPI(t *testing.T) {
	t.Parallel()
	gateway := testkit.NewProxy(t, testkit.Server().AdminURL())
	gateway.Token = "right"
	stranger := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(stranger.Close)
	for name, url := range map[string]string{
		"ingress":  testkit.Server().IngressURL(),
		"token":    gateway.URL,
		"stranger": stranger.URL,
		"nobody":   "http://" + testkit.StableAddr(t),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := examine(t, with{columns: 100}, "--admin", url, "--ingress", testkit.Server().IngressURL())
			require.Equal(t, terminal.CodeFailed, got.code)
			golden(t, "admin-"+name, got.out)
		})
	}
}

func TestAnAddressThatIsNoIngress(t *testing.T) {
	t.Parallel()
	other := testkit.StartServer(t, testkit.ServerConfig())
	clerk(t, testkit.Server(), testkit.Unique("clerk"))
	stranger := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(stranger.Close)
	for name, test := range map[string]struct{ url, want string }{
		"the admin API":     {testkit.Server().AdminURL(), "  ✗ it answers GET /restate/health with 404 Not Found\n"},
		"a stranger":        {stranger.URL, "  ✗ it answers GET /restate/health with 404 Not Found\n"},
		"nobody":            {"http://" + testkit.StableAddr(t), "connection refused\n"},
		"of another server": {other.IngressURL(), ", which the admin API lists\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := examine(t, with{}, "--admin", testkit.Server().AdminURL(), "--ingress", test.url)
			require.Equal(t, terminal.CodeFound, got.code, got.out)
			_, said, ok := strings.Cut(got.out, "✗ Ingress: ")
			require.True(t, ok, got.out)
			require.Contains(t, said, test.want)
			require.Contains(t, said, "→ export RESTATE_INGRESS_URL="+testkit.Server().IngressURL())
		})
	}
}

// before stands before the admin API, and answers what is at a path itself.
func before(t *testing.T, path string, answer http.HandlerFunc) string {
	t.Helper()
	to, err := url.Parse(testkit.Server().AdminURL())
	require.NoError(t, err)
	transport := &http.Transport{}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }, Transport: transport}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == path {
			answer(w, r)
			return
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		proxy.Close()
		transport.CloseIdleConnections()
	})
	return proxy.URL
}

func TestTheVersionOfTheServerIsCompared(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		version string
		code    int
		want    string
	}{
		"too old":           {"1.0.0", terminal.CodeFound, "✗ Server version: 1.0.0; "},
		"of the future":     {"99.0.0", terminal.CodeOK, "! Server version: 99.0.0; "},
		"that is no number": {`nightly\u001b[31m`, terminal.CodeOK, `! Server version: nightly\x1b[31m; `},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := before(t, "/version", func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte(`{"version":"` + test.version + `"}`))
			})
			got := examine(t, with{}, "--admin", at, "--ingress", testkit.Server().IngressURL())
			require.Contains(t, got.out, test.want)
			require.NotContains(t, got.out, "\x1b")
		})
	}
}

// A question that is not answered ends with its time, and the others are shown.
func TestACheckThatHangsDoesNotHideTheOthers(t *testing.T) {
	t.Parallel()
	at := before(t, "/query", func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else it is not seen that the client has gone
		<-r.Context().Done()
	})
	got := examineFor(t, "10s", "--admin", at, "--ingress", testkit.Server().IngressURL())
	require.Equal(t, terminal.CodeFound, got.code)
	for _, want := range []string{
		"✓ Server version: ", "? Clock: could not be checked\n  ? POST " + at + "/query: context deadline exceeded (there was no answer within 10s; see --timeout)",
		"✗ Partitions: ", "Ingress: ", "? Invocations: could not be checked",
	} {
		require.Contains(t, got.out, want)
	}
}

func TestAWrongEnvironmentIsSaidWhole(t *testing.T) {
	t.Setenv("RESTATE_HOST_SCHEME", "gopher")
	t.Setenv("RESTATE_MAX_IN_FLIGHT", "many")
	got := examine(t, with{})
	require.Equal(t, terminal.CodeFound, got.code)
	require.Equal(t, `✗ Configuration: it cannot be read
  ✗ RESTATE_HOST_SCHEME is "gopher": it must be http or https
  ✗ RESTATE_MAX_IN_FLIGHT is "many": it must be a positive number
`, got.out)
}

func TestASecretOfTheEnvironmentIsNotShown(t *testing.T) {
	gateway := testkit.NewProxy(t, testkit.Server().AdminURL())
	gateway.Token = "t0ken"
	env := map[string]string{"RESTATE_AUTH_TOKEN": "t0ken", "RESTATE_INGRESS_URL": testkit.Server().IngressURL(), "RESTATE_ADMIN_URL": gateway.URL}
	for name, value := range env {
		t.Setenv(name, value)
	}
	got := examine(t, with{env: env})
	require.Contains(t, got.out, "✓ Configuration: RESTATE_ADMIN_URL="+gateway.URL+", RESTATE_INGRESS_URL="+testkit.Server().IngressURL()+", RESTATE_AUTH_TOKEN is set\n")
	require.Contains(t, got.out, "✓ Admin API: "+gateway.URL+"\n")
	require.NotContains(t, got.out+got.err, "t0ken")
}

func TestTheCommandLine(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{"no time": {"--timeout", "0s"}, "an argument too many": {"a", "b"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := doctor.Command(&terminal.Terminal{Getenv: func(string) string { return "" }})
			cmd.SetArgs(args)
			cmd.SilenceErrors, cmd.SilenceUsage = true, true
			require.Error(t, cmd.ExecuteContext(t.Context()))
		})
	}
}
