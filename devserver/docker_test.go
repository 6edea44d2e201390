//go:build unix

package devserver_test

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/devserver"
)

// docker puts a docker client on PATH that records its calls and reports the given
// operating system. As a container it runs the real server, or body if there is one.
// It uses exec, so that a signal to the client reaches the server, because docker
// passes signals on.
func (w *world) docker(system string, body ...string) {
	run := strings.Join(body, "")
	if run == "" {
		run = `
shift
while [ $# -gt 0 ]; do
	case $1 in
	--env) export "$2"; shift ;;
	--volume) dir=${2%:/restate-data}; shift ;;
	esac
	shift
done
RESTATE_BASE_DIR=$dir exec "` + realServerOr(w.t) + `" --no-logo`
	}
	fake(w.t, filepath.Join(w.bin, "docker"), `
for arg; do printf '%s\n' "$arg"; done >>"`+w.bin+`/docker.calls"
echo >>"`+w.bin+`/docker.calls"
case $1 in
info) echo "`+system+`" ;;
image) [ -e "`+w.bin+`/pulled" ] ;;
pull) echo >"`+w.bin+`/pulled" ;;
run) echo $$ >"`+w.bin+`/docker.pid"
`+run+` ;;
stop) kill -TERM "$(cat "`+w.bin+`/docker.pid")" ;;
rm) [ -e "`+w.bin+`/docker.pid" ] && kill -KILL "$(cat "`+w.bin+`/docker.pid")" ;;
esac`)
}

func realServerOr(t *testing.T) string {
	if path, err := findReal(); err == nil {
		return path
	}
	t.Log("no real server; the container would not start")
	return "false"
}

// dockerCalls returns the calls of the client, each a list of arguments.
func (w *world) dockerCalls() (calls [][]string) {
	content, err := os.ReadFile(filepath.Join(w.bin, "docker.calls"))
	require.NoError(w.t, err)
	for call := range bytes.SplitSeq(bytes.TrimSpace(content), []byte("\n\n")) {
		calls = append(calls, strings.Split(string(call), "\n"))
	}
	return calls
}

func (w *world) dockerCall(verb string) []string {
	for _, call := range w.dockerCalls() {
		if call[0] == verb {
			return call
		}
	}
	w.t.Fatalf("docker %s was not called", verb)
	return nil
}

func TestDockerOnLinux(t *testing.T) {
	realServer(t)
	w := newWorld(t)
	w.docker("Ubuntu 24.04 LTS")
	var progress bytes.Buffer
	w.cfg.Progress = &progress
	w.cfg.Env = fewPartitions
	s, err := devserver.Start(t.Context(), w.cfg)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Stop(context.Background())) }()

	require.Equal(t, "devserver: pulling docker.io/restatedev/restate:1.7.11 …\n", progress.String())
	require.Equal(t, []string{"pull", "--quiet", "docker.io/restatedev/restate:1.7.11"}, w.dockerCall("pull"))
	require.Equal(t, "127.0.0.1", s.EndpointHost())
	status, _ := get(t, s.AdminURL()+"/health")
	require.Equal(t, http.StatusOK, status)

	run := w.dockerCall("run")
	name := run[3]
	require.Regexp(t, `^fxrestate-devserver-\d+-[0-9a-f]{8}$`, name)
	require.Equal(t, []string{"run", "--rm", "--name", name, "--volume", s.Dir() + ":/restate-data", "--network", "host", "--user"}, run[:9])
	require.Equal(t, []string{"docker.io/restatedev/restate:1.7.11", "--no-logo"}, run[len(run)-2:])
	require.Contains(t, run, "RESTATE_BASE_DIR=/restate-data")
	require.Contains(t, run, "RESTATE_DEFAULT_NUM_PARTITIONS=4")
	require.Contains(t, run, "RESTATE_ADMIN__BIND_ADDRESS="+strings.TrimPrefix(s.AdminURL(), "http://"))
	require.NotContains(t, run, "--publish")

	require.NoError(t, s.Stop(context.Background()))
	require.Equal(t, []string{"stop", "-t", "10", name}, w.dockerCall("stop"))
	require.True(t, unreachable(s.AdminURL()))
}

func TestDockerDesktop(t *testing.T) {
	realServer(t)
	w := newWorld(t)
	w.docker("Docker Desktop")
	w.cfg.Env = fewPartitions
	writeFile(t, filepath.Join(w.bin, "pulled"), "")
	s, err := devserver.Start(t.Context(), w.cfg)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Stop(context.Background())) }()
	require.Equal(t, "host.docker.internal", s.EndpointHost())

	run := w.dockerCall("run")
	name := run[3]
	ingress, admin := strings.TrimPrefix(s.IngressURL(), "http://127.0.0.1:"), strings.TrimPrefix(s.AdminURL(), "http://127.0.0.1:")
	require.Equal(t, []string{
		"--add-host", "host.docker.internal:host-gateway",
		"--publish", "127.0.0.1:" + ingress + ":" + ingress,
		"--publish", "127.0.0.1:" + admin + ":" + admin,
	}, run[6:12])
	require.Contains(t, run, "RESTATE_INGRESS__BIND_ADDRESS=0.0.0.0:"+ingress)
	require.NotContains(t, run, "--network")

	require.NoError(t, s.Kill())
	require.Equal(t, []string{"rm", "--force", name}, w.dockerCall("rm"))
	require.True(t, unreachable(s.AdminURL()))
	for _, call := range w.dockerCalls() {
		require.NotEqual(t, "pull", call[0], "the image is there")
	}
}

func TestDockerContainerThatDoesNotStart(t *testing.T) {
	w := newWorld(t)
	w.docker("Ubuntu", "echo no room; exit 125")
	_, err := devserver.Start(t.Context(), w.cfg)
	require.ErrorContains(t, err, "exit status 125")
	require.ErrorContains(t, err, "no room")
	require.Equal(t, w.dockerCall("run")[3], w.dockerCall("rm")[2], "whatever is left of it is removed")
}
