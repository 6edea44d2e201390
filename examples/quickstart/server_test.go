package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/devserver"
)

// runningServerEnv starts a server and returns the environment that names it.
func runningServerEnv(t *testing.T) (ingress, admin string) {
	t.Helper()
	s, err := devserver.Start(t.Context(), devserver.Config{
		Env:      map[string]string{"RESTATE_DEFAULT_NUM_PARTITIONS": "4"},
		Progress: os.Stderr,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.Background())) })
	return "RESTATE_INGRESS_URL=" + s.IngressURL(), "RESTATE_ADMIN_URL=" + s.AdminURL()
}

const (
	deadIngress = "RESTATE_INGRESS_URL=http://127.0.0.1:1"
	deadAdmin   = "RESTATE_ADMIN_URL=http://127.0.0.1:1"
	anyEndpoint = "RESTATE_ENDPOINT_ADDR=127.0.0.1:0"
)

func TestDemoRunsOnARunningServer(t *testing.T) {
	t.Parallel()
	ingress, admin := runningServerEnv(t)
	p := startWith(t, []string{ingress, admin, anyEndpoint}, "-demo", "-packing", "200ms")
	p.line(`^ready: http://127\.0\.0\.1:\d+$`)
	p.line(`"step":"shipped","total":3900`)
	require.Zero(t, p.ends(), p.logged())
}

func TestAServerOfNoUseIsAnErrorBeforeReady(t *testing.T) {
	t.Parallel()
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/health" {
			http.Error(w, "no room", http.StatusForbidden)
		}
	}))
	t.Cleanup(refusing.Close)

	for name, test := range map[string]struct{ admin, says string }{
		"one that does not respond":    {deadAdmin, "quickstart: .*no server at RESTATE_ADMIN_URL: .*connection refused"},
		"one that refuses deployments": {"RESTATE_ADMIN_URL=" + refusing.URL, "quickstart: .*the endpoint is not registered: .*no room"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startWith(t, []string{deadIngress, test.admin, anyEndpoint})
			for line := range p.lines {
				require.NotContains(t, line, "ready:")
			}
			require.Equal(t, 1, p.ends(), p.logged())
			require.Regexp(t, "(?s)"+test.says, p.logged())
		})
	}
}

func TestAFailedDemoEndsWithAReason(t *testing.T) {
	t.Parallel()
	_, admin := runningServerEnv(t)
	p := startWith(t, []string{deadIngress, admin, anyEndpoint}, "-demo")
	p.line(`^ready: `)
	require.Equal(t, 1, p.ends(), p.logged())
	require.Regexp(t, `quickstart: POST http\S+/items: status 503`, p.logged())
}

func TestAPartThatFailsEndsTheApplicationWithAReason(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		code int
		says string
	}{
		"a failure":     {3, "a part of the application failed, with exit code 3"},
		"a planned end": {0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := fx.New(fx.NopLogger, fx.Invoke(func(lc fx.Lifecycle, down fx.Shutdowner) {
				lc.Append(fx.StartHook(func() error { return down.Shutdown(fx.ExitCode(test.code)) }))
			}))
			err := runApp(app, func(ctx context.Context) error { return serve(ctx, app) })
			if test.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.says)
		})
	}
}

func TestEndpointPortStaysTheSame(t *testing.T) {
	t.Parallel()
	data := t.TempDir() + "/new"
	port, err := endpointPort(data)
	require.NoError(t, err)
	require.GreaterOrEqual(t, port, 20000)
	require.Less(t, port, 32768, "operating systems use ports from here on for outgoing connections")
	again, err := endpointPort(data)
	require.NoError(t, err)
	require.Equal(t, port, again)
	left, err := os.ReadDir(data)
	require.NoError(t, err)
	require.Len(t, left, 1)
}

func TestTheDataIsForTheUserAlone(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "new")
	_, err := endpointPort(data)
	require.NoError(t, err)
	for path, want := range map[string]os.FileMode{data: 0o700, data + "/endpoint-port": 0o600} {
		t.Run(path, func(t *testing.T) {
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.Equal(t, want, info.Mode().Perm(), path)
		})
	}
}

func TestAKillWhileThePortIsWrittenDoesNoHarm(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	// A directory in place of the temporary file makes the write fail halfway, as a
	// kill would.
	require.NoError(t, os.Mkdir(data+"/endpoint-port.new", 0o700))
	_, err := endpointPort(data)
	require.Error(t, err)
	require.NoFileExists(t, data+"/endpoint-port", "nothing is written in place")

	require.NoError(t, os.Remove(data+"/endpoint-port.new"))
	require.NoError(t, os.WriteFile(data+"/endpoint-port.new", nil, 0o600))
	port, err := endpointPort(data)
	require.NoError(t, err)
	written, err := os.ReadFile(data + "/endpoint-port")
	require.NoError(t, err)
	require.Equal(t, strconv.Itoa(port)+"\n", string(written))
}

func TestDataThatIsNotOursIsReported(t *testing.T) {
	t.Parallel()
	for name, held := range map[string]string{"no number": "no port", "nothing": "", "no port": "70000"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := t.TempDir()
			require.NoError(t, os.WriteFile(data+"/endpoint-port", []byte(held), 0o600))
			_, err := endpointPort(data)
			require.ErrorContains(t, err, "does not hold a port")
		})
	}
}
