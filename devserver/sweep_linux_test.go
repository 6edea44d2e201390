package devserver_test

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/devserver"
)

// startElsewhere starts a server in another process. It returns the process and the
// data directory, which is new, in tmp.
func startElsewhere(t *testing.T, tmp string, cfg devserver.Config) (parent *exec.Cmd, dir string) {
	t.Helper()
	before, err := os.ReadDir(tmp)
	require.NoError(t, err)
	parent = helper(t, "serve", cfg, "TMPDIR="+tmp)
	out, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	t.Cleanup(func() {
		_ = parent.Process.Kill()
		_ = parent.Wait()
	})
	line, _ := bufio.NewReader(out).ReadString('\n')
	require.Regexp(t, "^http://", line)
	after, err := os.ReadDir(tmp)
	require.NoError(t, err)
	known := map[string]bool{}
	for _, e := range before {
		known[e.Name()] = true
	}
	for _, e := range after {
		if !known[e.Name()] {
			return parent, filepath.Join(tmp, e.Name())
		}
	}
	require.FailNow(t, "the server has no data directory")
	return nil, ""
}

// awaitEnd waits until a killed server has released its data directory. That is when
// all its threads are gone, later than its environment.
func awaitEnd(t *testing.T, dir string) {
	t.Helper()
	lock, err := os.Open(filepath.Join(dir, "devserver.child.lock"))
	require.NoError(t, err)
	defer lock.Close()
	require.Eventually(t, func() bool {
		return syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
	}, time.Minute, 10*time.Millisecond)
}

func TestWhatAKilledProcessLeavesIsRemovedByTheNext(t *testing.T) {
	binary, tmp := realServer(t), t.TempDir()
	t.Setenv("TMPDIR", tmp)
	cfg := devserver.Config{Binary: binary, Env: fewPartitions}

	// These must stay.
	_, running := startElsewhere(t, tmp, cfg)
	crashed := start(t, cfg) // by a test that continues with it
	require.NoError(t, crashed.Kill())
	target := t.TempDir()
	writeFile(t, filepath.Join(target, "devserver.claim.lock"), "")
	link := filepath.Join(tmp, "fxrestate-devserver-link")
	require.NoError(t, os.Symlink(target, link))
	unmarked := filepath.Join(tmp, "fxrestate-devserver-unmarked")
	writeFile(t, filepath.Join(unmarked, "file"), "")
	other := filepath.Join(tmp, "other")
	writeFile(t, filepath.Join(other, "devserver.claim.lock"), "")
	named := filepath.Join(tmp, "named")
	cfg.Dir = named
	killParentOf(t, cfg)
	cfg.Dir = ""

	// These must be removed.
	parent, left := startElsewhere(t, tmp, cfg)
	require.NoError(t, parent.Process.Kill())
	_ = parent.Wait()
	awaitEnd(t, left)
	require.DirExists(t, left)

	var progress bytes.Buffer
	cfg.Progress = &progress
	s := start(t, cfg)
	require.NoDirExists(t, left)
	require.Equal(t, "devserver: removed "+left+", which a process that was killed had left\n", progress.String())
	for _, dir := range []string{running, crashed.Dir(), unmarked, other, named, s.Dir(), target} {
		require.DirExists(t, dir)
	}
	require.FileExists(t, filepath.Join(target, "devserver.claim.lock"))
	_, err := os.Readlink(link)
	require.NoError(t, err)

	again := start(t, crashed.Config())
	status, _ := get(t, again.AdminURL()+"/health")
	require.Equal(t, 200, status)
	require.NoError(t, s.Stop(context.Background()))
	require.NoDirExists(t, s.Dir())
}

// A script that runs the server as a child dies with its parent; the server does not.
func TestServerThatOutlivesItsParentKeepsItsData(t *testing.T) {
	binary, tmp := realServer(t), t.TempDir()
	t.Setenv("TMPDIR", tmp)
	script := fake(t, filepath.Join(t.TempDir(), "restate-server"), `"`+binary+`" "$@"; exit $?`)
	parent, left := startElsewhere(t, tmp, devserver.Config{Binary: script, Env: fewPartitions})
	require.NoError(t, parent.Process.Kill())
	_ = parent.Wait()
	require.Eventually(t, func() bool { return len(serversOn(t, left)) == 1 }, time.Minute, 10*time.Millisecond)
	orphan := serversOn(t, left)[0]
	t.Cleanup(func() { _ = syscall.Kill(orphan, syscall.SIGKILL) })

	start(t, devserver.Config{Binary: binary})
	require.DirExists(t, left)

	require.NoError(t, syscall.Kill(orphan, syscall.SIGKILL))
	awaitEnd(t, left)
	start(t, devserver.Config{Binary: binary})
	require.NoDirExists(t, left)
}
