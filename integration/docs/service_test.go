package docs_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/internal/tail"
	"github.com/fxrestate/go/internal/testkit"
)

func TestServiceOfTheReadmeRunsAndAnswersItsRequest(t *testing.T) {
	t.Parallel()
	dir := emptyModule(t)
	_, section, found := strings.Cut(readPage(t, readme).text, "\n### A service of your own\n")
	require.True(t, found)
	code := goBlock.FindStringSubmatch(section)
	require.Contains(t, code[2], "package main\n")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(code[2]), 0o600))
	runIn(t, dir, commandWith(t, "A service of your own", "get"))
	run := commandWith(t, "A service of your own", "run")
	require.Equal(t, []string{"go", "run", "."}, run.words)
	binary := filepath.Join(dir, "service")
	runIn(t, dir, command{words: []string{"go", "build", "-o", binary, "."}}) // go run hands no signal on

	for name, cfg := range map[string]devserver.Config{
		"on a server":                     testkit.ServerConfig(),
		"on a server that always replays": testkit.AlwaysReplaying(testkit.ServerConfig()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answersItsRequest(t, binary, cfg, run.env)
		})
	}
}

func TestTheCommandOfTheReadmeIsAToolOfAModule(t *testing.T) {
	t.Parallel()
	dir := emptyModule(t)
	runIn(t, dir, commandWith(t, "The command line", "get"))
	require.Contains(t, runIn(t, dir, commandWith(t, "The command line", "--help")), "Usage:\n  fxrestate ")
}

// commandWith returns the command of a section of the README that has a word.
func commandWith(t *testing.T, section, word string) command {
	t.Helper()
	for _, s := range shells(readPage(t, readme)) {
		for _, c := range s.commands {
			if s.section == section && slices.Contains(c.words, word) {
				return c
			}
		}
	}
	require.FailNow(t, "no such command", "%s: %s", section, word)
	return command{}
}

// emptyModule makes a module for which the checkout is the version of this one. All that
// the module needs is on this machine then, with its sums, so that a proxy is not asked for a
// version.
func emptyModule(t *testing.T) (dir string) {
	t.Helper()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	dir = t.TempDir()
	runIn(t, root, command{words: []string{"go", "mod", "download"}, env: []string{"GOPROXY=" + goProxy(t)}})
	runIn(t, dir, command{words: []string{"go", "mod", "init", "example.com/service"}})
	runIn(t, dir, command{words: []string{"go", "mod", "edit", "-replace", "github.com/fxrestate/go=" + root}})
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.sum"), sums, 0o600))
	return dir
}

func goProxy(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", "GOPROXY").Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

// runIn runs a command in a directory, without a proxy for modules unless it has one, and
// returns what it wrote.
func runIn(t *testing.T, dir string, c command) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), c.words[0], c.words[1:]...)
	cmd.Dir, cmd.Env = dir, slices.Concat(os.Environ(), []string{"GOPROXY=off", "GOWORK=off"}, c.env)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s: %s", c, out)
	return string(out)
}

// running runs the program of a page on a server of its own, since its services have the
// names that they have there, and returns the URL of the ingress and the log.
//
// Its own environment has the ports of this machine for the default ones.
func running(t *testing.T, binary string, cfg devserver.Config, env ...string) (ingressURL string, log *tail.Writer) {
	t.Helper()
	srv := testkit.StartServer(t, cfg)
	ctx, cancel := context.WithCancel(t.Context())
	app := exec.CommandContext(ctx, binary)
	app.Cancel = func() error { return app.Process.Signal(syscall.SIGTERM) }
	app.Env = append(os.Environ(),
		"RESTATE_INGRESS_URL="+srv.IngressURL(), "RESTATE_ADMIN_URL="+srv.AdminURL(), "RESTATE_ENDPOINT_ADDR=127.0.0.1:0",
		"RESTATE_DEPLOYMENT_URL=http://"+srv.EndpointHost()+":{{port}}")
	for _, variable := range env {
		app.Env = append(app.Env, strings.ReplaceAll(variable, "127.0.0.1:9080", srv.EndpointHost()+":{{port}}"))
	}
	log = new(tail.Writer)
	app.Stderr = log
	require.NoError(t, app.Start())
	t.Cleanup(func() {
		cancel()
		if err := app.Wait(); err != nil {
			require.ErrorIs(t, err, context.Canceled)
		}
	})
	return srv.IngressURL(), log
}

// hasStarted waits until the program takes signals, which is when fx has started everything.
// The first answer can come before.
func hasStarted(t *testing.T, log *tail.Writer) {
	t.Helper()
	testkit.Eventually(t, func() error {
		if !strings.Contains(log.String(), `"started"`) {
			return errors.New(log.String())
		}
		return nil
	})
}

// answersItsRequest runs the service, and sends it the request that is printed.
func answersItsRequest(t *testing.T, binary string, cfg devserver.Config, env []string) {
	ingressURL, log := running(t, binary, cfg, env...)
	curl := commandWith(t, "A service of your own", "curl").words
	require.Len(t, curl, 6)
	require.Equal(t, []string{"-H", "content-type: application/json", "-d"}, curl[2:5])
	path, ok := strings.CutPrefix(curl[1], "http://127.0.0.1:8080/")
	require.True(t, ok, curl[1])
	answers := func() {
		var a testkit.Answer
		testkit.Eventually(t, func() error {
			a = testkit.Post(t, ingressURL+"/"+path, json.RawMessage(curl[5]))
			if a.Status != 200 {
				return errors.New(string(a.Body))
			}
			return nil
		})
		require.Equal(t, "receipt-1", testkit.Decode[string](t, a))
	}
	answers()
	hasStarted(t, log)
	answers()
}
