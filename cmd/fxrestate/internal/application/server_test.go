package application_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/application"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/internal/testkit"
)

// serve runs the shop, which does not register itself, and returns its URL.
func serve(t *testing.T, name, version string) (url string) {
	t.Helper()
	cfg := testkit.Config()
	cfg.Register = nil
	app := testkit.StartWith(t, cfg, shop(name, version))
	return fmt.Sprintf("http://%s:%d", testkit.Server().EndpointHost(), app.Endpoint.Port())
}

// on is a command line about the package's server.
func on(args ...string) []string {
	return append([]string{"--timeout", "10m", "--admin", testkit.Server().AdminURL()}, args...)
}

// deployed returns the deployment that a service's new invocations go to.
func deployed(t *testing.T, service string) admin.DeploymentInfo {
	t.Helper()
	client, err := admin.New(admin.Config{URL: testkit.Server().AdminURL()})
	require.NoError(t, err)
	defer client.CloseIdleConnections()
	s, err := client.Service(testkit.Context(t), service)
	require.NoError(t, err)
	d, err := client.Deployment(testkit.Context(t), s.DeploymentID)
	require.NoError(t, err)
	return d.DeploymentInfo
}

// gaps are those of a table, which depend on the names in it.
var gaps = regexp.MustCompile(`(\S) {2,}`)

// within replaces what differs from run to run.
func within(text, url, name string) string {
	return gaps.ReplaceAllString(strings.NewReplacer(url, "URL", name, "SHOP").Replace(text), "$1  ")
}

func TestRegisterOfAURL(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("SHOPPING")
	url := serve(t, name, "before")

	dry := call(t.Context(), application.NewRegister, 0, on("--dry-run", url)...)
	requireOK(t, dry)
	requireGolden(t, "register-dry-run.txt", within(dry.stdout, url, name))
	dry = call(t.Context(), application.NewRegister, 0, on("--dry-run", "--json", url)...)
	requireOK(t, dry)
	var answer admin.Deployment
	require.NoError(t, json.Unmarshal([]byte(dry.stdout), &answer))
	require.Equal(t, name, answer.Services[0].Name)
	require.False(t, testkit.Known(t, name), "nothing is registered")

	plan := call(t.Context(), application.NewPlan, 0, on(url)...)
	requireOK(t, plan)
	require.Equal(t, "create URL/: the URL is new\n", within(plan.stdout, url, name))

	unasked := call(t.Context(), application.NewRegister, 0, on(url)...)
	require.Equal(t, terminal.CodeUsage, unasked.code)
	require.Contains(t, unasked.err, "Nobody can be asked here; add --yes")
	require.False(t, testkit.Known(t, name), "nothing is registered")

	done := call(t.Context(), application.NewRegister, 0, on("--yes", url)...)
	requireOK(t, done)
	at := deployed(t, name)
	require.Equal(t, "created URL/ as deployment "+at.ID+": the URL is new\n", within(done.stdout, url, name))
	require.NotContains(t, at.Metadata, deployment.ApplicationKey, "its name is not known")
	require.NotContains(t, at.Metadata, deployment.BuiltKey, "the command is not the program")

	again := call(t.Context(), application.NewRegister, 0, on("--yes", "--json", url)...)
	requireOK(t, again)
	require.Contains(t, again.stdout, `"action": "none"`)
	plan = call(t.Context(), application.NewPlan, 0, on(url)...)
	requireOK(t, plan)
	require.Equal(t, "none URL/: it is registered with this interface\n", within(plan.stdout, url, name))
}

func TestRegisterOfAProgramChecksWhatServes(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("SHOPPING")
	other := serve(t, name, "newer")
	r := call(t.Context(), application.NewRegister, 0, on(append([]string{"--yes", "--url", other}, program("shop", name, "before")...)...)...)
	require.Equal(t, terminal.CodeFailed, r.code)
	require.Contains(t, r.err, "the server found other handlers at "+other+"/ than this process serves")
	require.Contains(t, r.err, name+"/Close")
	require.False(t, testkit.Known(t, name))

	url := serve(t, name, "before")
	r = call(t.Context(), application.NewRegister, 0, on(append([]string{"--yes", "--url", url}, program("shop", name, "before")...)...)...)
	requireOK(t, r)
	const pkg = "github.com/fxrestate/go/cmd/fxrestate/internal/application.test"
	require.Equal(t, pkg, deployed(t, name).Metadata[deployment.ApplicationKey])

	// An endpoint that does not say its name gets that of the application.
	second := serve(t, name, "before")
	requireOK(t, call(t.Context(), application.NewRegister, 0, on("--yes", second)...))
	at := deployed(t, name)
	require.Equal(t, second+"/", at.URI)
	require.Equal(t, pkg, at.Metadata[deployment.ApplicationKey])

	// Another application may not take the services.
	r = call(t.Context(), application.NewRegister, 0, on("--yes", "--application", "other", other)...)
	require.Equal(t, terminal.CodeFailed, r.code)
	require.Contains(t, r.err, "serves \""+name+"\"")
}

func TestPlanSaysWhatBreaks(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("SHOPPING")
	requireOK(t, call(t.Context(), application.NewRegister, 0, on("--yes", serve(t, name, "before"))...))
	for version, code := range map[string]int{"newer": terminal.CodeOK, "breaking": terminal.CodeFound} {
		url := serve(t, name, version)
		r := call(t.Context(), application.NewPlan, 0, on(url)...)
		require.Empty(t, r.err)
		require.Equal(t, code, r.code)
		requireGolden(t, "plan-server-"+version+".txt", within(r.stdout, url, name))

		r = call(t.Context(), application.NewPlan, 0, on("--json", url)...)
		require.Equal(t, code, r.code)
		var p struct {
			Plan     deployment.Plan
			Breaking []string
		}
		require.NoError(t, json.Unmarshal([]byte(r.stdout), &p))
		require.Equal(t, deployment.Create, p.Plan.Action)
		require.Equal(t, code == terminal.CodeFound, len(p.Breaking) > 0)
	}
}

// What a policy refuses needs somebody, and is no failure of the command.
func TestPlanShowsWhatIsRefused(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("SHOPPING")
	requireOK(t, call(t.Context(), application.NewRegister, 0, on("--yes", "--application", "one", serve(t, name, "before"))...))
	second := serve(t, name, "before")
	r := call(t.Context(), application.NewPlan, 0, on("--application", "two", second)...)
	require.Empty(t, r.err)
	require.Equal(t, terminal.CodeFound, r.code)
	require.Contains(t, within(r.stdout, second, name), "refused URL/\n  refused: the application \"one\" at ")

	r = call(t.Context(), application.NewPlan, 0, on("--application", "two", "--replace-other", second)...)
	requireOK(t, r)
}

func TestBadURLsAndServersAreSaid(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nobody := "http://" + closed.Addr().String()
	require.NoError(t, closed.Close())
	signed := testkit.Config()
	signed.Register = nil
	signed.Endpoint.IdentityKeys = []string{"publickeyv1_w7YHemBctH5Ck2nQRQ47iBBqhNHy4FV7t2Usbye2A6f"}
	guarded := testkit.StartWith(t, signed, shop(testkit.Unique("SHOPPING"), "before"))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	stop := testkit.ServeHTTP(listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>\x1b[31m")) }))
	t.Cleanup(stop)
	served := serve(t, testkit.Unique("served"), "before")

	for name, test := range map[string]struct {
		args []string
		code int
		want string
	}{
		"nobody serves":        {on(nobody), 1, "is no endpoint, or nobody serves there"},
		"something else":       {on(testkit.Server().AdminURL()), 1, "is no endpoint, or nobody serves there: discovery is answered with 404"},
		"a page":               {on("http://" + listener.Addr().String()), 1, "manifest: invalid character"},
		"identity keys":        {on(guarded.URL()), 1, "answers only what a server has signed"},
		"no URL":               {on("http://"), 2, "is no URL of an endpoint"},
		"a query":              {on("http://u:secret@localhost:1?x"), 2, "http://localhost:1?x is no URL of an endpoint"},
		"a URL and --url":      {on("--url", served, served), 2, "--url is for a program or a file"},
		"a policy of nothing":  {on("--in-place", "sometimes", served), 2, "InPlace"},
		"a mode of nothing":    {on("--mode", "manual", served), 2, "--mode is development or production"},
		"a program without it": {on(program("shop", "shop", "before")...), 2, "does not say where it is registered; give its URL with --url"},
		"no server":            {[]string{"--timeout", "10m", "--admin", nobody, served}, 1, nobody},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := call(t.Context(), application.NewPlan, 0, test.args...)
			require.Equal(t, test.code, r.code, r.err)
			require.Contains(t, r.err, test.want)
			require.NotContains(t, r.err, "secret")
			require.NotContains(t, r.err, "\x1b")
		})
	}
}
