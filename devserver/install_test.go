//go:build unix

package devserver_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/devserver"
)

// npm puts an npm on PATH that records its arguments, runs body, and then installs a
// server. In body, $bin is the path of the server.
func (w *world) npm(body string) {
	fake(w.t, filepath.Join(w.bin, "npm"), `
echo "$@" >>"`+w.bin+`/npm.calls"
while [ "$1" != --prefix ]; do shift; done
bin="$2/node_modules/@restatedev/`+devserver.PlatformPackage()+`/bin/restate-server"
mkdir -p "${bin%/*}"
`+body+`
printf '#!/bin/sh\necho restate-server `+unpinned+`\n' >"$bin.new"
chmod +x "$bin.new"
mv "$bin.new" "$bin"`)
}

// installations returns how often npm was called.
func (w *world) installations() int {
	calls, err := os.ReadFile(filepath.Join(w.bin, "npm.calls"))
	if !os.IsNotExist(err) {
		require.NoError(w.t, err)
	}
	return bytes.Count(calls, []byte("\n"))
}

// inCache returns the names in the cache, without locks and records.
func (w *world) inCache() (names []string) {
	entries, err := os.ReadDir(w.cache)
	require.NoError(w.t, err)
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".lock") && !strings.HasSuffix(e.Name(), ".digest") {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestInstall(t *testing.T) {
	w := newWorld(t)
	w.npm("")
	var progress bytes.Buffer
	w.cfg.Progress = &progress
	w.finds(w.cached())

	require.Equal(t, []string{filepath.Base(w.cached())}, w.inCache(), "nothing else is left")
	require.Regexp(t, `^devserver: installing restate-server 1\.7\.11 with npm \(about 216 MB\) …
devserver: installed restate-server 1\.7\.11 in \d+\.\ds
$`, progress.String())
	calls, err := os.ReadFile(filepath.Join(w.bin, "npm.calls"))
	require.NoError(t, err)
	platform := strings.Split(devserver.PlatformPackage(), "-")
	require.Regexp(t, `^install --ignore-scripts --no-audit --no-fund --no-usage --loglevel=error --no-global --location=project --prefix `+w.cache+`/\S+ `+
		`--workspaces --workspace=server --no-dry-run --no-package-lock-only --install-strategy=hoisted --no-legacy-bundling --no-global-style `+
		`--include=optional --os=`+platform[2]+` --cpu=`+platform[3]+` @restatedev/restate-server@1\.7\.11\n$`, string(calls))
}

func TestInstallOfWhatDoesNotRunIsRefused(t *testing.T) {
	for name, tc := range map[string]struct{ npm, want string }{
		"the binary is broken":        {`echo garbage >"$bin"; chmod +x "$bin"; exit 0`, "what npm installed does not run"},
		"the binary is left out":      {`exit 0`, "npm left out @restatedev/" + devserver.PlatformPackage()},
		"the binary is another one's": {`printf '#!/bin/sh\necho restate-server 1.6.0\n' >"$bin"; chmod +x "$bin"; exit 0`, "npm installed version 1.6.0"},
		"npm fails":                   {`echo no network; exit 1`, "no network"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.npm(tc.npm)
			_, err := w.find()
			require.ErrorContains(t, err, tc.want)
			require.Empty(t, w.inCache())

			w.npm("")
			w.finds(w.cached())
		})
	}
}

func TestInstallationThatIsNoLongerWhatItWasIsReplaced(t *testing.T) {
	for name, change := range map[string]func(w *world){
		"it is empty":              func(w *world) { writeFile(w.t, w.cached(), "") },
		"it is cut off":            func(w *world) { writeFile(w.t, w.cached(), "\x7fELF") },
		"it is of another version": func(w *world) { writeFile(w.t, w.cached(), "#!/bin/sh\necho restate-server 1.6.0\n") },
		"it only tells the version": func(w *world) {
			writeFile(w.t, w.cached(), "#!/bin/sh\necho restate-server 1.7.11\nexit 0 # not what was installed\n")
		},
		"it is another file of the same size": func(w *world) {
			content, err := os.ReadFile(w.cached())
			require.NoError(w.t, err)
			writeFile(w.t, w.cached(), strings.Replace(string(content), "echo", "ECHO", 1))
		},
		"its record is lost": func(w *world) { require.NoError(w.t, os.Remove(w.cached()+".digest")) },
		"its record is of no use": func(w *world) {
			writeFile(w.t, w.cached()+".digest", "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.npm("")
			w.finds(w.cached())
			installed, err := os.ReadFile(w.cached())
			require.NoError(t, err)
			w.finds(w.cached())
			require.Equal(t, 1, w.installations())

			change(w)
			w.finds(w.cached())
			require.Equal(t, 2, w.installations())
			again, err := os.ReadFile(w.cached())
			require.NoError(t, err)
			require.Equal(t, string(installed), string(again))
			w.finds(w.cached())
			require.Equal(t, 2, w.installations())
		})
	}
}

func TestInstallationThatWasOnlyTouchedIsKept(t *testing.T) {
	w := newWorld(t)
	w.npm("")
	w.finds(w.cached())
	require.NoError(t, os.Chtimes(w.cached(), time.Time{}, time.Now().Add(time.Hour)))
	w.finds(w.cached())
	require.Equal(t, 1, w.installations())
}

// A server of the default version with another digest than the published one is not
// run, even if it prints the right version.
func TestPinnedVersionIsNeverRunFromOtherFiles(t *testing.T) {
	for name, tc := range map[string]struct {
		place func(w *world, script string)
		want  string
	}{
		"that lie in the cache": {
			func(w *world, script string) {
				writeFile(w.t, filepath.Join(w.cache, devserver.PlatformPackage()+"-"+devserver.DefaultVersion), script)
			},
			"cache: the SHA-256 of ",
		},
		"that lie in the cache with a record of their own": {
			func(w *world, script string) {
				path := writeFile(w.t, filepath.Join(w.cache, devserver.PlatformPackage()+"-"+devserver.DefaultVersion), script)
				info, err := os.Stat(path)
				require.NoError(w.t, err)
				writeFile(w.t, path+".digest", fmt.Sprintf(`{"SHA256":"%x","Size":%d,"Modified":%d}`, sha256.Sum256([]byte(script)), info.Size(), info.ModTime().UnixNano()))
			},
			"cache: the SHA-256 of ",
		},
		"that npm brings": {
			func(w *world, script string) {
				w.npm(`cat >"$bin" <<'EOF'
` + script + `EOF
chmod +x "$bin"; exit 0`)
			},
			"npm: npm installed another server than was published (the SHA-256 of ",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.cfg.Version = ""
			ran := filepath.Join(t.TempDir(), "ran")
			tc.place(w, "#!/bin/sh\necho >"+ran+"\necho restate-server "+devserver.DefaultVersion+"\n")
			_, err := w.find()
			require.ErrorContains(t, err, tc.want)
			require.NoFileExists(t, ran)
		})
	}
}

func TestParallelProcessesInstallOnce(t *testing.T) {
	w := newWorld(t)
	w.npm("sleep 0.5")
	const processes = 4
	var outs [processes]bytes.Buffer
	var wait [processes]func() error
	for i := range processes {
		cmd := helper(t, "find", w.cfg)
		cmd.Stdout = &outs[i]
		require.NoError(t, cmd.Start())
		wait[i] = cmd.Wait
	}
	for i := range processes {
		require.NoError(t, wait[i]())
		require.Equal(t, w.cached()+"\n", outs[i].String())
	}
	require.Equal(t, 1, w.installations())
}

func TestWaitingForAnInstallationSaysSoAndEndsWithItsContext(t *testing.T) {
	w := newWorld(t)
	began := filepath.Join(t.TempDir(), "began")
	require.NoError(t, syscall.Mkfifo(began, 0o600))
	w.npm(`echo >"` + began + `"; sleep 60`)
	other := helper(t, "find", w.cfg)
	require.NoError(t, other.Start())
	defer func() {
		_ = other.Process.Kill()
		_ = other.Wait()
	}()
	_, err := os.ReadFile(began)
	require.NoError(t, err)

	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	var progress bytes.Buffer
	w.cfg.Progress = io.MultiWriter(&progress, &trigger{first: func() { cancel(enough) }})
	_, err = devserver.Find(ctx, w.cfg)
	require.ErrorIs(t, err, enough)
	require.Equal(t, "devserver: waiting for another process that installs restate-server 1.7.11 …\n", progress.String())
	require.Equal(t, 1, w.installations())
}

func TestCancelledInstallationLeavesNothing(t *testing.T) {
	w := newWorld(t)
	began := filepath.Join(t.TempDir(), "began")
	require.NoError(t, syscall.Mkfifo(began, 0o600))
	w.npm(`echo half >"$bin"; echo >"` + began + `"; sleep 60`)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, _ = os.ReadFile(began)
		cancel()
	}()
	_, err := devserver.Find(ctx, w.cfg)
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, w.inCache())
}

func TestKilledInstallationIsClearedAwayByTheNext(t *testing.T) {
	w := newWorld(t)
	began := filepath.Join(t.TempDir(), "began")
	require.NoError(t, syscall.Mkfifo(began, 0o600))
	w.npm(`echo half >"$bin"; echo $$ >"` + began + `"; exec sleep 60`)
	killed := helper(t, "find", w.cfg)
	require.NoError(t, killed.Start())
	f, err := os.Open(began)
	require.NoError(t, err)
	_, err = bufio.NewReader(f).ReadString('\n')
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoError(t, killed.Process.Kill())
	_ = killed.Wait()
	require.Len(t, w.inCache(), 1, "half an installation")

	w.npm("")
	w.finds(w.cached())
	require.Equal(t, []string{filepath.Base(w.cached())}, w.inCache())
}
