package dev_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/testkit"
)

// page says which server it is about.
func page(client *admin.Client) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "page of "+client.URL()) })
}

// process is the command in a process of its own.
type process struct {
	*exec.Cmd
	t  *testing.T
	mu sync.Mutex
	// said is what it wrote to both outputs.
	said bytes.Buffer
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.Write(b)
}

func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.String()
}

// start starts the command with its data below a directory.
func start(t *testing.T, home string, env []string, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(os.Args[0], append([]string{"--ingress-port", "0", "--admin-port", "0", "--page-port", "0"}, args...)...), t: t}
	p.Env = append(append(os.Environ(), commandEnv+"=1", "XDG_DATA_HOME="+home), env...)
	p.Stdout, p.Stderr = p, p
	require.NoError(t, p.Start())
	t.Cleanup(func() {
		if p.ProcessState == nil {
			_ = p.Process.Kill() // the server ends with it
			_ = p.Wait()
		}
		if t.Failed() {
			t.Logf("the command said:\n%s", p.text())
		}
	})
	return p
}

// says waits until the command has said something.
func (p *process) says(what string) {
	p.t.Helper()
	testkit.Until(p.t, func() bool { return strings.Contains(p.text(), what) }, "it does not say %q", what)
}

// ends waits for the end, and returns the exit code.
func (p *process) ends() int {
	p.t.Helper()
	_ = p.Wait() // tells of the code
	return p.ProcessState.ExitCode()
}

// told is what the command writes as JSON.
type told struct {
	IngressURL string `json:"ingress_url"`
	AdminURL   string `json:"admin_url"`
	UIURL      string `json:"ui_url"`
	PageURL    string `json:"page_url"`
	Dir        string `json:"dir"`
	Log        string `json:"log"`
}

// ready waits until the server is ready. The command must have been started with JSON.
func (p *process) ready() (at told) {
	p.t.Helper()
	testkit.Eventually(p.t, func() error {
		text := p.text()
		begin, end := strings.Index(text, "{\n"), strings.Index(text, "\n}\n")
		if begin < 0 || end < begin {
			return fmt.Errorf("it is not ready: %s", text)
		}
		return json.Unmarshal([]byte(text[begin:end+2]), &at)
	})
	return at
}

var asJSON = []string{"FXRESTATE_TEST_JSON=1"}

// get returns the status and the body of an answer.
func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	res, err := testkit.HTTPClient().Do(req)
	require.NoError(t, err)
	var text bytes.Buffer
	_, err = text.ReadFrom(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode, text.String()
}

// script writes an executable.
func script(t *testing.T, dir, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text), 0o700))
}
