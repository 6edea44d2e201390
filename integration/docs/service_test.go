package docs_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/internal/tail"
	"github.com/fxrestate/go/internal/testkit"
)

// readmeSection returns the README from one heading on to the next.
func readmeSection(t *testing.T, heading string) string {
	t.Helper()
	text, err := os.ReadFile(readme)
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), "\n"+heading+"\n")
	require.True(t, found, heading)
	section, _, _ = strings.Cut(section, "\n#")
	return section
}

// codeOf returns the first block of code that is in a language and has a text.
func codeOf(t *testing.T, section, language, has string) string {
	t.Helper()
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(section, -1) {
		if strings.Contains(m[1], has) {
			return m[1]
		}
	}
	require.FailNow(t, "no such block", "%s with %q", language, has)
	return ""
}

func TestServiceOfTheReadmeRunsAndAnswersItsRequest(t *testing.T) {
	t.Parallel()
	section, dir := readmeSection(t, "### A service of your own"), t.TempDir()
	source, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "service")
	require.NoError(t, os.WriteFile(source, []byte(codeOf(t, section, "go", "package main")), 0o600))
	out, err := exec.Command("go", "build", "-o", binary, source).CombinedOutput()
	require.NoError(t, err, string(out))
	for name, cfg := range map[string]devserver.Config{
		"on a server":                     testkit.ServerConfig(),
		"on a server that always replays": testkit.AlwaysReplaying(testkit.ServerConfig()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answersItsRequest(t, section, binary, cfg)
		})
	}
}

// running runs the program of a page on a server of its own, since its services have the
// names that they have there, and returns the URL of the ingress and the log.
func running(t *testing.T, binary string, cfg devserver.Config) (ingressURL string, log *tail.Writer) {
	t.Helper()
	srv := testkit.StartServer(t, cfg)
	ctx, cancel := context.WithCancel(t.Context())
	app := exec.CommandContext(ctx, binary)
	app.Cancel = func() error { return app.Process.Signal(syscall.SIGTERM) }
	app.Env = append(os.Environ(),
		"RESTATE_INGRESS_URL="+srv.IngressURL(), "RESTATE_ADMIN_URL="+srv.AdminURL(), "RESTATE_ENDPOINT_ADDR=127.0.0.1:0",
		"RESTATE_DEPLOYMENT_URL=http://"+srv.EndpointHost()+":{{port}}")
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

// answersItsRequest runs the service of a section.
func answersItsRequest(t *testing.T, section, binary string, cfg devserver.Config) {
	ingressURL, log := running(t, binary, cfg)
	curl := codeOf(t, section, "sh", "curl")
	request := regexp.MustCompile(`curl http://127\.0\.0\.1:8080(/\S+) -H 'content-type: application/json' -d '(.*)'`).FindStringSubmatch(curl)
	require.NotNil(t, request, curl)
	answers := func() {
		var a testkit.Answer
		testkit.Eventually(t, func() error {
			a = testkit.Post(t, ingressURL+request[1], json.RawMessage(request[2]))
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
