//go:build unix

package devserver_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/devserver"
)

// unpinned is a version without a published digest, so that tests can use scripts as
// servers.
const unpinned = "1.7.11"

// A world is an isolated environment for finding a server.
type world struct {
	t     *testing.T
	bin   string // on PATH
	cache string
	cfg   devserver.Config
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, bin: t.TempDir(), cache: filepath.Join(t.TempDir(), "cache")}
	w.cfg = devserver.Config{CacheDir: w.cache, Version: unpinned}
	t.Setenv("PATH", w.bin+":"+tools(t))
	t.Setenv("TMPDIR", t.TempDir()) // others may hold what a killed process left
	t.Setenv(devserver.BinaryEnv, "")
	return w
}

// tools returns a directory with the programs that the tests' scripts call. The
// system's directories may also have an npm or a docker.
func tools(t *testing.T) string {
	dir := t.TempDir()
	for _, name := range []string{"cat", "chmod", "mkdir", "mv", "sleep"} {
		path, err := exec.LookPath(name)
		require.NoError(t, err)
		require.NoError(t, os.Symlink(path, filepath.Join(dir, name)))
	}
	return dir
}

func (w *world) find() (string, error) {
	return devserver.Find(context.Background(), w.cfg)
}

func (w *world) finds(want string) {
	w.t.Helper()
	got, err := w.find()
	require.NoError(w.t, err)
	require.Equal(w.t, want, got)
}

// tells writes a server that only prints its version.
func (w *world) tells(path, version string) string {
	return fake(w.t, path, `echo "restate-server `+version+`"`)
}

func (w *world) cached() string {
	return filepath.Join(w.cache, devserver.PlatformPackage()+"-"+unpinned)
}

func TestFindingOrder(t *testing.T) {
	w := newWorld(t)
	elsewhere := t.TempDir()

	// From the last place to the first, so that each takes precedence over those before.
	_, err := w.find()
	require.ErrorContains(t, err, "no restate-server "+unpinned)

	w.docker("Ubuntu")
	w.finds("docker.io/restatedev/restate:" + unpinned)

	w.npm(`sleep 0`)
	w.finds(w.cached())
	require.Equal(t, 1, w.installations())

	w.finds(w.cached())
	require.Equal(t, 1, w.installations(), "the second time it is in the cache")

	onPath := w.tells(filepath.Join(w.bin, "restate-server"), "1.5.0")
	w.finds(w.cached())
	w.tells(onPath, unpinned)
	w.finds(onPath)

	byEnv := w.tells(filepath.Join(elsewhere, "by-env"), "1.4.0")
	t.Setenv(devserver.BinaryEnv, byEnv)
	w.finds(byEnv)

	w.cfg.Binary = w.tells(filepath.Join(elsewhere, "by-config"), "1.3.0")
	w.finds(w.cfg.Binary)
}

func TestServerOfAnotherVersionIsRunOnlyWhenItIsNamed(t *testing.T) {
	for name, tc := range map[string]struct {
		version, asked string
		byEnv, byField bool
		runs           bool
		says           string // "PATH" is replaced by the path
	}{
		"on PATH, with the version that is asked for": {
			version: "1.6.2", asked: "1.6.2", runs: true,
		},
		"on PATH, with another one": {
			version: "1.6.2", asked: "1.7.11",
			says: "devserver: not running PATH: its version is 1.6.2, not 1.7.11; name it with RESTATE_SERVER_BIN to run it\n",
		},
		"on PATH, with another one than the default": {
			version: "1.6.2",
			says:    "devserver: not running PATH: its version is 1.6.2, not 1.7.12; name it with RESTATE_SERVER_BIN to run it\n",
		},
		"named by the environment, with the version that is asked for": {
			version: "1.6.2", asked: "1.6.2", byEnv: true, runs: true,
		},
		"named by the environment, with another one": {
			version: "1.6.2", byEnv: true, runs: true,
			says: "devserver: running PATH, which RESTATE_SERVER_BIN names: its version is 1.6.2, not 1.7.12\n",
		},
		"named by the configuration, with another one": {
			version: "1.5.0-dev+7", asked: "1.7.11", byField: true, runs: true,
			says: "devserver: running PATH, which Config.Binary names: its version is 1.5.0-dev+7, not 1.7.11\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			path := w.tells(filepath.Join(w.bin, "restate-server"), tc.version)
			var progress bytes.Buffer
			w.cfg.Version, w.cfg.Progress = tc.asked, &progress
			if tc.byEnv {
				t.Setenv(devserver.BinaryEnv, path)
			}
			if tc.byField {
				w.cfg.Binary = path
			}
			if tc.runs {
				w.finds(path)
			} else {
				_, err := w.find()
				require.ErrorContains(t, err, "\n  PATH: "+path+" is version "+tc.version+"; to run it, name it with RESTATE_SERVER_BIN\n")
			}
			require.Equal(t, strings.ReplaceAll(tc.says, "PATH", path), progress.String())
		})
	}
}

func TestServerTellsItsOwnVersion(t *testing.T) {
	realServer(t)
	w := newWorld(t)
	w.cfg.Binary = fakeServer(t, filepath.Join(w.bin, "restate-server"), "1.5.0-dev+7")
	w.cfg.Env = fewPartitions
	s, err := devserver.Start(t.Context(), w.cfg)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Stop(context.Background())) }()
	require.Equal(t, "1.5.0-dev+7", s.Version())

	require.NoError(t, s.Kill())
	again, err := devserver.Start(t.Context(), s.Config())
	require.NoError(t, err, "what a server tells of itself can be given back")
	require.NoError(t, again.Stop(context.Background()))
}

func TestNamedServerThatDoesNotRun(t *testing.T) {
	w := newWorld(t)
	w.tells(filepath.Join(w.bin, "restate-server"), "1.5.0") // would be next
	dir := t.TempDir()
	for name, tc := range map[string]struct{ path, want string }{
		"is missing":          {filepath.Join(dir, "missing"), "no such file"},
		"is a directory":      {dir, "permission denied"},
		"fails":               {fake(t, filepath.Join(dir, "fails"), "echo out of luck; exit 3"), "exit status 3; its output ends:\n\tout of luck"},
		"is something else":   {fake(t, filepath.Join(dir, "other"), "echo GNU ls 1.2.3"), "the output of --version is not that of a restate-server"},
		"is silent":           {fake(t, filepath.Join(dir, "silent"), "exit 0"), "it wrote nothing"},
		"is another platform": {writeFile(t, filepath.Join(dir, "garbage"), "\x7fELF garbage"), "exec format error"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := w.cfg
			cfg.Binary = tc.path
			_, err := devserver.Find(context.Background(), cfg)
			require.ErrorContains(t, err, "devserver: Config.Binary names "+`"`+tc.path+`", which does not run`)
			require.ErrorContains(t, err, tc.want)

			t.Setenv(devserver.BinaryEnv, tc.path)
			_, err = w.find()
			require.ErrorContains(t, err, "devserver: RESTATE_SERVER_BIN names "+`"`+tc.path+`", which does not run`)
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestErrorWhenNothingIsFoundListsEveryMiss(t *testing.T) {
	w := newWorld(t)
	_, err := w.find()
	require.EqualError(t, err, `devserver: no restate-server 1.7.11; tried
  RESTATE_SERVER_BIN: not set
  PATH: exec: "restate-server": executable file not found in $PATH
  cache: stat `+w.cached()+`: no such file or directory
  npm: exec: "npm": executable file not found in $PATH
  docker: exec: "docker": executable file not found in $PATH
install one of
  Node.js with npm (the server is then installed by itself)
  restate-server 1.7.11 on PATH (npm install --global @restatedev/restate-server@1.7.11)
  docker
or name a binary with RESTATE_SERVER_BIN`)

	broken := fake(t, filepath.Join(w.bin, "restate-server"), "exit 3")
	writeFile(t, w.cached(), "half a file")
	record := writeFile(t, w.cached()+".digest", "half a record")
	fake(t, filepath.Join(w.bin, "npm"), "echo npm error code ETARGET >&2; exit 1")
	fake(t, filepath.Join(w.bin, "docker"), "echo Cannot connect to the Docker daemon; exit 1")
	_, err = w.find()
	for _, want := range []string{
		"PATH: " + broken + " does not run: exit status 3; it wrote nothing",
		"cache: no digest of " + w.cached() + " was recorded when it was installed: " + record + ": ",
		"npm: npm install --ignore-scripts",
		"exit status 1; its output ends:\n\tnpm error code ETARGET",
		"docker: no engine responds: docker info",
		"Cannot connect to the Docker daemon",
	} {
		t.Run(want, func(t *testing.T) {
			require.ErrorContains(t, err, want)
		})
	}
}

func TestStartScriptOfTheNPMPackageIsNotRun(t *testing.T) {
	for name, nested := range map[string]string{
		"beside it":    "../",
		"inside of it": "node_modules/@restatedev/",
	} {
		t.Run("with the binary "+name, func(t *testing.T) {
			w := newWorld(t)
			pkg := filepath.Join(t.TempDir(), "node_modules", "@restatedev", "restate-server")
			script := fake(t, filepath.Join(pkg, "lib", "index.js"), "echo restate-server "+unpinned)
			require.NoError(t, os.Symlink(script, filepath.Join(w.bin, "restate-server")))
			w.finds(filepath.Join(w.bin, "restate-server"))

			w.finds(w.tells(filepath.Join(pkg, nested, devserver.PlatformPackage(), "bin", "restate-server"), unpinned))
		})
	}
}

func TestFindingEndsWithItsContext(t *testing.T) {
	w := newWorld(t)
	fake(t, filepath.Join(w.bin, "restate-server"), "sleep 60")
	w.docker("Ubuntu") // would be found
	enough := errors.New("enough")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, enough)
	defer cancel()
	_, err := devserver.Find(ctx, w.cfg)
	require.ErrorIs(t, err, enough)
	require.ErrorContains(t, err, "looking for restate-server 1.7.11")
}

func writeFile(t *testing.T, path, content string) string {
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o755))
	return path
}
