package devserver_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/internal/testkit"
)

// helperEnv makes the test binary run as a helper process. Its value is the task of
// the helper, and the first argument is a Config as JSON.
const helperEnv = "DEVSERVER_TEST_HELPER"

func TestMain(m *testing.M) {
	helper := os.Getenv(helperEnv)
	if helper == "" {
		code := m.Run()
		if code == 0 {
			if err := testkit.Leaks(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				code = 1
			}
		}
		os.Exit(code)
	}
	var cfg devserver.Config
	if err := json.Unmarshal([]byte(os.Args[1]), &cfg); err != nil {
		panic(err)
	}
	switch helper {
	case "find":
		path, err := devserver.Find(context.Background(), cfg)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(path)
	case "serve": // until it is killed
		s, err := devserver.Start(context.Background(), cfg)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(s.AdminURL())
		<-s.Done()
	}
}

// helper returns a command that runs this test binary as a helper.
func helper(t *testing.T, what string, cfg devserver.Config, env ...string) *exec.Cmd {
	arg, err := json.Marshal(cfg)
	require.NoError(t, err)
	cmd := exec.Command(os.Args[0], string(arg))
	cmd.Env = append(os.Environ(), append(env, helperEnv+"="+what)...)
	cmd.Stderr = os.Stderr
	return cmd
}

var findReal = sync.OnceValues(func() (string, error) {
	return devserver.Find(context.Background(), devserver.Config{Progress: os.Stderr})
})

// realServer is the restate-server that all tests share. Tests that change
// the environment call it before they do.
func realServer(t testing.TB) string {
	path, err := findReal()
	require.NoError(t, err)
	return path
}

// fewPartitions makes servers start faster.
var fewPartitions = map[string]string{"RESTATE_DEFAULT_NUM_PARTITIONS": "4"}

// start starts a server that is stopped at the end of the test. Without Env it has few
// partitions.
func start(t *testing.T, cfg devserver.Config) *devserver.Server {
	t.Helper()
	if cfg.Binary == "" {
		cfg.Binary = realServer(t)
	}
	if cfg.Env == nil {
		cfg.Env = fewPartitions
	}
	s, err := devserver.Start(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.Background())) })
	return s
}

// fake writes an executable shell script.
func fake(t *testing.T, path, body string) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	// A child that another test forks meanwhile would inherit the open file, and a
	// file that is open for writing cannot be executed.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755))
	return path
}

// fakeServer writes a script that prints a version and runs the real server.
func fakeServer(t *testing.T, path, version string) string {
	return fake(t, path, `[ "$1" = --version ] && { echo "restate-server `+version+`"; exit; }
exec "`+realServer(t)+`" "$@"`)
}

// client has a timeout that is long enough for the SDK to compile its core, which takes
// ten seconds or more with the race detector on a busy machine.
var client = &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}

// get returns the status and body of url; a body makes it a POST.
func get(t testing.TB, url string, body ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if len(body) > 0 {
		req, err = http.NewRequestWithContext(context.Background(), http.MethodPost, url, strings.NewReader(body[0]))
	}
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(answer)
}

// contains is require.Contains for logs: it does not print all of them.
func contains(t testing.TB, log, part string) {
	t.Helper()
	require.True(t, strings.Contains(log, part), "the log has no %q", part)
}

// unreachable tells whether no process listens at url.
func unreachable(url string) bool {
	resp, err := client.Get(url)
	if err == nil {
		_ = resp.Body.Close()
	}
	return err != nil
}
