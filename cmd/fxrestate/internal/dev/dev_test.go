//go:build unix

package dev_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
)

// Greeter greets, and can count.
type Greeter struct{}

// Greet greets.
func (*Greeter) Greet(_ restate.Context, name string) (string, error) { return "hello " + name, nil }

// Grown is a Greeter of another version.
type Grown struct{ Greeter }

// Count counts.
func (*Grown) Count(restate.Context) (int, error) { return 3, nil }

// serves runs an application at an address, which registers itself if it knows a server.
func serves[T any](t *testing.T, addr, adminURL string, service T) *testkit.App {
	t.Helper()
	cfg := fxrestate.Config{Endpoint: endpoint.Config{Addr: addr}}
	if adminURL != "" {
		cfg.Admin = admin.Config{URL: adminURL}
		cfg.Register = &deployment.Config{URL: "http://127.0.0.1:{{port}}", Required: true}
	}
	a := testkit.Build(t, fx.Supply(cfg), fxrestate.Service[T](testkit.Made(service), fxrestate.Name("greeter")))
	a.RequireStart()
	return a
}

// requireAnswer calls a handler through the ingress.
func requireAnswer(t *testing.T, ingressURL, handler, input, want string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, ingressURL+"/greeter/"+handler, strings.NewReader(input))
	require.NoError(t, err)
	if input != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := testkit.HTTPClient().Do(req)
	require.NoError(t, err)
	answer := make([]byte, 1000)
	n, _ := res.Body.Read(answer)
	require.NoError(t, res.Body.Close())
	require.Equal(t, want, string(answer[:n]))
}

func TestAnApplicationThatAppearsIsRegistered(t *testing.T) {
	t.Parallel()
	home, addr, itself := t.TempDir(), testkit.StableAddr(t), testkit.StableAddr(t)
	at := "http://" + strings.Replace(addr, "127.0.0.1", "localhost", 1)
	args := []string{"--name", "greetings", "--app", at}
	p := start(t, home, asJSON, args...)
	server := p.ready()
	require.Equal(t, filepath.Join(home, "fxrestate", "dev", "greetings"), server.Dir)
	require.FileExists(t, server.Log)
	_, body := get(t, server.PageURL)
	require.Equal(t, "page of "+server.AdminURL, body)
	status, _ := get(t, server.UIURL+"/")
	require.Equal(t, http.StatusOK, status)

	// The same data twice at a time.
	second := start(t, home, nil, args...)
	require.Equal(t, terminal.CodeFailed, second.ends())
	require.Contains(t, second.text(), `"greetings" runs already (process `)
	require.Contains(t, second.text(), "admin API "+server.AdminURL+"): use that server, stop it, or choose another --name\n")

	own := serves(t, itself, server.AdminURL, &Greeter{})
	a := serves(t, addr, "", &Greeter{})
	p.says("registered " + at + " as dp_")
	requireAnswer(t, server.IngressURL, "Greet", `"Ada"`, `"hello Ada"`)
	a.RequireStop()
	p.says("there is no application at " + at + ", which was there")
	a = serves(t, addr, "", &Grown{})
	testkit.Until(t, func() bool { return strings.Count(p.text(), "registered "+at+" as dp_") == 2 }, "it is not registered again")
	requireAnswer(t, server.IngressURL, "Count", "", "3")

	require.NoError(t, p.Process.Signal(os.Interrupt))
	require.Equal(t, terminal.CodeOK, p.ends())
	require.Contains(t, p.text(), "stopping restate-server; the data of \"greetings\" is kept\n")
	require.NoError(t, testkit.Refused(server.AdminURL), "the server has ended")

	// The data is there at the next start. What is registered is left alone, whoever did it.
	p = start(t, home, asJSON, append(args, "--app", "http://"+itself)...)
	server = p.ready()
	p.says(at + " is registered already, as dp_")
	p.says("http://" + itself + " is registered already, as dp_")
	requireAnswer(t, server.IngressURL, "Greet", `"Bob"`, `"hello Bob"`)
	require.NotContains(t, p.text(), "registered "+at)
	own.RequireStop()
	a.RequireStop()
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	require.Equal(t, terminal.CodeOK, p.ends())
	require.NoError(t, testkit.Refused(server.AdminURL))

	// Without a question nothing is removed, and with --yes all is.
	p = start(t, home, asJSON, append(args, "--clean")...)
	require.Equal(t, terminal.CodeUsage, p.ends())
	require.Contains(t, p.text(), "Nobody can be asked here; add --yes")
	p = start(t, home, asJSON, append(args, "--clean", "--yes")...)
	server = p.ready()
	_, body = get(t, server.AdminURL+"/deployments")
	require.Equal(t, `{"deployments":[]}`, body)
	require.NoError(t, p.Process.Signal(os.Interrupt))
	require.Equal(t, terminal.CodeOK, p.ends())
}

func TestAServerThatEndsByItselfEndsTheCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	real := testkit.Server().Config().Binary
	require.NotEmpty(t, real)
	pid := filepath.Join(dir, "pid")
	script(t, dir, "restate-server", `[ "$1" = --version ] || echo $$ > `+pid+`
exec `+real+` "$@"
`)
	p := start(t, dir, []string{"RESTATE_SERVER_BIN=" + filepath.Join(dir, "restate-server")}, "--name", "dies")
	p.says("Ctrl-C ends the server")
	text, err := os.ReadFile(pid)
	require.NoError(t, err)
	kill(t, strings.TrimSpace(string(text)))
	require.Equal(t, terminal.CodeFailed, p.ends())
	require.Contains(t, p.text(), "ended unexpectedly (signal: killed); its output ends:\n  ")
}

// npm says that it was started, and never ends by itself.
func TestCtrlCEndsAnInstallation(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pid := filepath.Join(dir, "pid")
	script(t, dir, "npm", "echo $$ > "+pid+".new; mv "+pid+".new "+pid+"; exec sleep 100000\n")
	env := []string{"PATH=" + dir + ":/usr/bin:/bin", "XDG_CACHE_HOME=" + filepath.Join(dir, "cache"), "RESTATE_SERVER_BIN="}
	p := start(t, dir, env, "--name", "installs", "--version", "1.7.11")
	testkit.Eventually(t, func() error {
		_, err := os.Stat(pid)
		return err
	})
	require.NoError(t, p.Process.Signal(os.Interrupt))
	require.Equal(t, terminal.CodeFailed, p.ends())
	require.Contains(t, p.text(), "ended before the server was ready: ")
	text, err := os.ReadFile(pid)
	require.NoError(t, err)
	requireGone(t, strings.TrimSpace(string(text)))
}

func TestACommandLineThatIsWrong(t *testing.T) {
	t.Parallel()
	taken := strings.TrimPrefix(testkit.Server().AdminURL(), "http://127.0.0.1:")
	for name, test := range map[string]struct {
		args []string
		code int
		want string
	}{
		"a port that is taken":     {[]string{"--admin-port", taken}, terminal.CodeFailed, "port " + taken + " cannot be had, perhaps because another restate-server runs: stop that, or choose another port with --admin-port, 0 for a free one"},
		"a port that is none":      {[]string{"--ingress-port", "70000"}, terminal.CodeUsage, "--ingress-port is 70000; it must be between 0 and 65535"},
		"a name that is a path":    {[]string{"--name", "../x"}, terminal.CodeUsage, `--name is "../x"; it must be of`},
		"no name":                  {[]string{"--name", ""}, terminal.CodeUsage, `--name is ""; it must be of`},
		"an application of no URL": {[]string{"--app", "localhost:9080"}, terminal.CodeUsage, `--app is "localhost:9080"; it must be a URL such as http://localhost:9080`},
		"a version of nothing":     {[]string{"--version", "latest"}, terminal.CodeFailed, `"latest"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, t.TempDir(), nil, test.args...)
			require.Equal(t, test.code, p.ends())
			require.Contains(t, p.text(), test.want)
		})
	}
}
