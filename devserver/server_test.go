package devserver_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/devserver"
)

func TestStart(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := start(t, devserver.Config{Log: &log, Env: map[string]string{}})

	t.Run("both APIs and every partition respond at once", func(t *testing.T) {
		status, body := get(t, s.AdminURL()+"/query", `{"query":"SELECT COUNT(*) FROM sys_invocation"}`)
		require.Equal(t, http.StatusOK, status, body)
		status, body = get(t, s.IngressURL()+"/restate/health")
		require.Equal(t, http.StatusOK, status, body)
	})
	t.Run("it says what it is", func(t *testing.T) {
		require.Equal(t, devserver.DefaultVersion, s.Version())
		require.Equal(t, "127.0.0.1", s.EndpointHost())
		require.DirExists(t, s.Dir())
		require.NotEqual(t, s.IngressURL(), s.AdminURL())
		require.NoError(t, s.Err())
	})
	t.Run("the log is kept and passed on", func(t *testing.T) {
		contains(t, s.LogTail(), "Starting Restate Server")
	})
	t.Run("only this machine can reach it", func(t *testing.T) {
		addrs, err := net.InterfaceAddrs()
		require.NoError(t, err)
		for _, addr := range addrs {
			ip := addr.(*net.IPNet).IP
			if ip.IsLoopback() {
				continue
			}
			for _, port := range []int{s.Config().IngressPort, s.Config().AdminPort} {
				conn, err := net.DialTimeout("tcp", net.JoinHostPort(ip.String(), strconv.Itoa(port)), time.Second)
				if err == nil {
					_ = conn.Close()
				}
				require.Error(t, err, "%s:%d responds", ip, port)
			}
		}
	})
	t.Run("Stop ends it, removes its directory, and can be repeated", func(t *testing.T) {
		require.NoError(t, s.Stop(context.Background()))
		<-s.Done()
		require.NoError(t, s.Err())
		require.NoDirExists(t, s.Dir())
		require.True(t, unreachable(s.AdminURL()))
		require.NoError(t, s.Stop(context.Background()))
		require.NoError(t, s.Kill())
		contains(t, log.String(), "Starting Restate Server")
		contains(t, log.String(), "Received signal")
	})
}

func TestStopKillsWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := start(t, devserver.Config{Log: &log})
	over, cancel := context.WithCancel(context.Background())
	cancel()
	require.NoError(t, s.Stop(over))
	<-s.Done()
	require.NoError(t, s.Err())
	require.True(t, unreachable(s.AdminURL()))
	require.False(t, strings.Contains(log.String(), "Received signal"))
}

type greeter struct{}

func (greeter) Hello(_ restate.Context, name string) (string, error) { return "hello " + name, nil }

// endpoint serves greeter and returns its URL.
func endpoint(t *testing.T) string {
	handler, err := server.NewRestate().WithLogger(slog.DiscardHandler, true).Bind(restate.Reflect(greeter{})).Handler()
	require.NoError(t, err)
	s := httptest.NewUnstartedServer(handler)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

func TestKillAndStartAgain(t *testing.T) {
	t.Parallel()
	hello := func(s *devserver.Server) {
		status, body := get(t, s.IngressURL()+"/greeter/Hello", `"you"`)
		require.Equal(t, http.StatusOK, status, body)
		require.Equal(t, `"hello you"`, body)
	}
	first := start(t, devserver.Config{Dir: t.TempDir()})
	status, body := get(t, first.AdminURL()+"/deployments", `{"uri":"`+endpoint(t)+`"}`)
	require.Equal(t, http.StatusCreated, status, body)
	hello(first)
	require.NoError(t, first.Kill())
	<-first.Done()
	require.NoError(t, first.Err(), "it was meant to end")

	second := start(t, devserver.Config{Dir: first.Dir()})
	require.NotEqual(t, first.AdminURL(), second.AdminURL(), "other ports")
	hello(second)
	require.NoError(t, second.Kill())

	third := start(t, second.Config())
	require.Equal(t, second.AdminURL(), third.AdminURL(), "the same ports")
	require.Equal(t, second.IngressURL(), third.IngressURL(), "the same ports")
	hello(third)
	require.NoError(t, third.Stop(context.Background()))
	require.DirExists(t, third.Dir(), "a directory that was named is never removed")
}

func TestKillKeepsATemporaryDirectoryUntilStop(t *testing.T) {
	t.Parallel()
	s := start(t, devserver.Config{})
	require.NoError(t, s.Kill())
	require.FileExists(t, filepath.Join(s.Dir(), "devserver", "log-store", "CURRENT"))
	require.NoError(t, s.Stop(context.Background()))
	require.NoDirExists(t, s.Dir())
}

func TestNothingIsLeftInTheTemporaryDirectory(t *testing.T) {
	binary, tmp := realServer(t), t.TempDir()
	t.Setenv("TMPDIR", tmp)
	s := start(t, devserver.Config{Binary: binary})
	require.Equal(t, tmp, filepath.Dir(s.Dir()))
	require.NoError(t, s.Stop(context.Background()))
	left, err := os.ReadDir(tmp)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestTwoServersOnOneDirectory(t *testing.T) {
	t.Parallel()
	first := start(t, devserver.Config{Dir: t.TempDir()})
	_, err := devserver.Start(t.Context(), devserver.Config{Binary: realServer(t), Dir: first.Dir()})
	require.ErrorIs(t, err, devserver.ErrDirInUse)
	require.ErrorContains(t, err, first.Dir())
	require.ErrorContains(t, err, first.AdminURL(), "it says who has it")
	status, _ := get(t, first.AdminURL()+"/health")
	require.Equal(t, http.StatusOK, status, "the first one is unharmed")
}

func TestStartErrors(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })
	takenPort := taken.Addr().(*net.TCPAddr).Port

	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))

	for name, tc := range map[string]struct {
		cfg  devserver.Config
		want []string
	}{
		"a setting that the server refuses is quoted": {
			devserver.Config{Env: map[string]string{"RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT": "banana"}},
			[]string{"ended before it was ready (exit status 1)", "its output ends:", "RT0002", "INACTIVITY-TIMEOUT"},
		},
		"a server that takes too long": {
			devserver.Config{StartTimeout: time.Millisecond},
			[]string{"not ready within 1ms", "/health"},
		},
		"a port that is taken": {
			devserver.Config{AdminPort: takenPort},
			[]string{"Config.AdminPort " + strconv.Itoa(takenPort) + " is taken"},
		},
		"a port that is invalid":         {devserver.Config{IngressPort: 70000}, []string{"Config.IngressPort 70000", "65535"}},
		"a negative timeout":             {devserver.Config{StartTimeout: -1}, []string{"Config.StartTimeout -1ns"}},
		"a version that is a tag":        {devserver.Config{Version: "latest"}, []string{`Config.Version "latest"`}},
		"a version that leads elsewhere": {devserver.Config{Version: "1.7.12/../../x"}, []string{"Config.Version"}},
		"a setting with a field of its own, in any case": {
			devserver.Config{Env: map[string]string{"restate_admin__bind_address": "0.0.0.0:1"}},
			[]string{"restate_admin__bind_address", "Config.AdminPort"},
		},
		"a variable that cannot be one": {
			devserver.Config{Env: map[string]string{"A=B": "c"}},
			[]string{`Config.Env: "A=B"`},
		},
		"a directory that is a file": {devserver.Config{Dir: file}, []string{file}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.cfg.Binary = realServer(t)
			s, err := devserver.Start(t.Context(), tc.cfg)
			if err == nil {
				_ = s.Stop(context.Background())
			}
			require.Error(t, err)
			require.Regexp(t, "^devserver: ", err.Error())
			for _, want := range tc.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func TestStartOnOtherPortsWhenOneIsTakenAtTheLastMoment(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tries := filepath.Join(dir, "tries")
	// On its first start another process has its port.
	binary := fake(t, filepath.Join(dir, "restate-server"), `
[ "$1" = --version ] && exec "`+realServer(t)+`" --version
echo "$RESTATE_ADMIN__BIND_ADDRESS" >>"`+tries+`"
[ "$(wc -l <"`+tries+`")" -gt 1 ] && exec "`+realServer(t)+`" "$@"
echo "Failed: [admin-api-server] failed binding to address '127.0.0.1:1': Address in use (os error 98)"
exit 1`)
	s := start(t, devserver.Config{Binary: binary})

	addresses, err := os.ReadFile(tries)
	require.NoError(t, err)
	lines := bytes.Fields(addresses)
	require.Len(t, lines, 2)
	require.NotEqual(t, string(lines[0]), string(lines[1]))
	u, err := url.Parse(s.AdminURL())
	require.NoError(t, err)
	require.Equal(t, u.Host, string(lines[1]))
}

func TestStartDoesNotTryForeverWhenPortsAreTaken(t *testing.T) {
	t.Parallel()
	binary := fake(t, filepath.Join(t.TempDir(), "restate-server"), `
[ "$1" = --version ] && exec "`+realServer(t)+`" --version
echo "failed binding to address"
exit 1`)
	_, err := devserver.Start(t.Context(), devserver.Config{Binary: binary})
	require.ErrorContains(t, err, "another process took the port")
}

func TestEnvironmentOfTheServer(t *testing.T) {
	binary := realServer(t)
	t.Setenv("RESTATE_LOG_FILTER", "off")
	t.Setenv("RUST_LOG", "off")
	t.Setenv("DEVSERVER_TEST_INHERITED", "yes")
	seen := filepath.Join(t.TempDir(), "env")
	script := fake(t, filepath.Join(t.TempDir(), "restate-server"), `
[ "$1" = --version ] || env >"`+seen+`"
exec "`+binary+`" "$@"`)
	start(t, devserver.Config{Binary: script, Env: map[string]string{
		"RESTATE_DEFAULT_NUM_PARTITIONS": "3",
		"RESTATE_LOG_FORMAT":             "json",
	}})
	content, err := os.ReadFile(seen)
	require.NoError(t, err)
	env := string(content)
	require.Contains(t, env, "RESTATE_DEFAULT_NUM_PARTITIONS=3\n")
	require.Contains(t, env, "RESTATE_LOG_FORMAT=json\n")
	require.Contains(t, env, "RESTATE_DISABLE_TELEMETRY=true\n")
	require.Contains(t, env, "RESTATE_ADVERTISED_HOST=127.0.0.1\n")
	require.Contains(t, env, "DEVSERVER_TEST_INHERITED=yes\n")
	require.NotContains(t, env, "=off\n", "settings of our own environment are meant for others")
}

// A trigger is a log that calls first on its first line.
type trigger struct {
	once  sync.Once
	first func()
}

func (l *trigger) Write(p []byte) (int, error) {
	l.once.Do(l.first)
	return len(p), nil
}
