package integration_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
)

// alwaysReplayEnv is set in the second run of the suite, in which the server
// suspends an attempt wherever it waits, so that every step is replayed.
const alwaysReplayEnv = "FXRESTATE_TEST_ALWAYS_REPLAY"

// restate is the server of the whole suite.
var restate *devserver.Server

func alwaysReplay() bool { return os.Getenv(alwaysReplayEnv) != "" }

func serverEnv() map[string]string {
	env := map[string]string{"RESTATE_LOG_FILTER": "warn"}
	if alwaysReplay() {
		env["RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT"] = "0s"
	}
	return env
}

func TestMain(m *testing.M) {
	if run, ok := crashApps[os.Getenv(crashAppEnv)]; ok {
		run()
		os.Exit(0)
	}
	os.Exit(runSuite(m))
}

func runSuite(m *testing.M) int {
	var err error
	restate, err = devserver.Start(context.Background(), devserver.Config{Progress: os.Stderr, Env: serverEnv()})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if err := restate.Stop(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if code != 0 || alwaysReplay() {
		return code
	}
	again := exec.Command(os.Args[0], os.Args[1:]...)
	again.Env = append(os.Environ(), alwaysReplayEnv+"=1")
	again.Stdout, again.Stderr = os.Stdout, os.Stderr
	if err := again.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "the suite with the server in always-replay mode:", err)
		return 1
	}
	return 0
}

// app is a running application.
type app struct {
	*fxtest.App
	t     *testing.T
	logs  *observer.ObservedLogs
	admin *admin.Client
}

// config is what an application on the suite's server needs.
func config() fxrestate.Config {
	return fxrestate.Config{
		Admin:    admin.Config{URL: restate.AdminURL()},
		Endpoint: endpoint.Config{Addr: "127.0.0.1:0"},
		Register: &deployment.Config{URL: "http://" + restate.EndpointHost() + ":{{port}}", Required: true},
	}
}

// start runs an application with the suite's configuration until the test ends.
func start(t *testing.T, opts ...fx.Option) *app {
	t.Helper()
	return startWith(t, config(), opts...)
}

func startWith(t *testing.T, cfg fxrestate.Config, opts ...fx.Option) *app {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	a := &app{t: t, logs: logs}
	opts = append([]fx.Option{fxrestate.Module, fx.Supply(cfg, zap.New(core)), fx.Populate(&a.admin)}, opts...)
	a.App = fxtest.New(t, opts...)
	a.RequireStart()
	t.Cleanup(a.RequireStop)
	return a
}

// answer is what came back through the ingress.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// call posts a JSON value to a path of the ingress.
func call(t *testing.T, path string, in any, headers ...string) answer {
	t.Helper()
	var body []byte
	if in != nil {
		var err error
		body, err = json.Marshal(in)
		require.NoError(t, err)
		headers = append(headers, "Content-Type", "application/json")
	}
	return send(t, path, body, headers...)
}

// send posts raw bytes to a path of the ingress.
func send(t *testing.T, path string, body []byte, headers ...string) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, restate.IngressURL()+path, bytes.NewReader(body))
	require.NoError(t, err)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return answer{res.StatusCode, res.Header, got}
}

// decode reads a successful answer.
func decode[T any](t *testing.T, a answer) T {
	t.Helper()
	require.Equal(t, http.StatusOK, a.status, string(a.body))
	var out T
	require.NoError(t, json.Unmarshal(a.body, &out))
	return out
}
