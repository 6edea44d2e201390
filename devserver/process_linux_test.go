package devserver_test

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/devserver"
)

// processesOf returns the processes, zombies aside, whose environment holds
// the variable.
func processesOf(t *testing.T, variable string) (pids []int) {
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	require.NoError(t, err)
	for _, file := range files {
		env, err := os.ReadFile(file) // empty for a zombie, an error for processes of other users
		if err != nil || !bytes.Contains(append(env, 0), []byte(variable+"\x00")) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		require.NoError(t, err)
		pids = append(pids, pid)
	}
	return pids
}

func serversOn(t *testing.T, dir string) []int {
	return processesOf(t, "RESTATE_BASE_DIR="+dir)
}

// killParentOf starts a server from another process and kills that process.
func killParentOf(t *testing.T, cfg devserver.Config) {
	parent := helper(t, "serve", cfg)
	out, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	line, _ := bufio.NewReader(out).ReadString('\n')
	require.Regexp(t, "^http://", line)
	require.NotEmpty(t, serversOn(t, cfg.Dir))
	require.NoError(t, parent.Process.Kill())
	_ = parent.Wait()
}

func TestServerDiesWithItsParent(t *testing.T) {
	t.Parallel()
	cfg := devserver.Config{Binary: realServer(t), Dir: t.TempDir(), Env: fewPartitions}
	killParentOf(t, cfg)
	require.Eventually(t, func() bool { return len(serversOn(t, cfg.Dir)) == 0 }, time.Minute, 10*time.Millisecond)
}

func TestStartRightAfterTheParentOfAnotherDied(t *testing.T) {
	t.Parallel()
	cfg := devserver.Config{Binary: realServer(t), Dir: t.TempDir(), Env: fewPartitions}
	killParentOf(t, cfg)
	start(t, cfg)
}

// A script that runs the server as a child dies with its parent; the server does
// not, and still has the directory.
func TestDirectoryIsInUseAsLongAsTheServerLives(t *testing.T) {
	t.Parallel()
	script := fake(t, filepath.Join(t.TempDir(), "restate-server"), `"`+realServer(t)+`" "$@"; exit $?`)
	cfg := devserver.Config{Binary: script, Dir: t.TempDir(), Env: fewPartitions}
	killParentOf(t, cfg)
	require.Eventually(t, func() bool { return len(serversOn(t, cfg.Dir)) == 1 }, time.Minute, 10*time.Millisecond)
	orphan := serversOn(t, cfg.Dir)[0]
	t.Cleanup(func() { _ = syscall.Kill(orphan, syscall.SIGKILL) })

	_, err := devserver.Start(t.Context(), cfg)
	require.ErrorIs(t, err, devserver.ErrDirInUse)
	require.NoError(t, syscall.Kill(orphan, syscall.SIGKILL))
	start(t, cfg)
}

// The parent-death signal is sent when the thread that started the server ends, so
// that must not be the thread of the caller.
func TestServerSurvivesTheThreadOfItsCaller(t *testing.T) {
	t.Parallel()
	var (
		s    *devserver.Server
		err  error
		done = make(chan struct{})
	)
	cfg := devserver.Config{Binary: realServer(t), Env: fewPartitions}
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked, which ends the thread
		s, err = devserver.Start(t.Context(), cfg)
	}()
	<-done
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Stop(context.Background())) }()
	select {
	case <-s.Done():
		t.Fatal(s.Err())
	case <-time.After(100 * time.Millisecond):
	}
}

func TestCancelWhileStarting(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	dir := t.TempDir()
	running := 0
	log := &trigger{first: func() {
		running = len(serversOn(t, dir))
		cancel()
	}}
	_, err := devserver.Start(ctx, devserver.Config{Binary: realServer(t), Dir: dir, Log: log})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, running, "the test looks for the right process")
	require.Empty(t, serversOn(t, dir))
}

func TestTimeoutWhileStarting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := devserver.Start(t.Context(), devserver.Config{Binary: realServer(t), Dir: dir, StartTimeout: 50 * time.Millisecond})
	require.ErrorContains(t, err, "not ready within 50ms")
	require.Empty(t, serversOn(t, dir))
}

func TestServerThatEndsByItself(t *testing.T) {
	t.Parallel()
	s := start(t, devserver.Config{})
	pids := serversOn(t, s.Dir())
	require.Len(t, pids, 1)
	require.NoError(t, syscall.Kill(pids[0], syscall.SIGTERM))
	<-s.Done()
	require.ErrorContains(t, s.Err(), "ended unexpectedly")
	require.ErrorContains(t, s.Err(), "its output ends:\n\t20")
	require.NoError(t, s.Stop(context.Background()))
	require.Error(t, s.Err(), "it stays known")
}

func TestServerStartedByAScriptThatKeepsItAsAChild(t *testing.T) {
	t.Parallel()
	script := fake(t, filepath.Join(t.TempDir(), "restate-server"), `"`+realServer(t)+`" "$@"; exit $?`)
	s := start(t, devserver.Config{Binary: script})
	require.Len(t, serversOn(t, s.Dir()), 2)
	require.NoError(t, s.Kill())
	require.Empty(t, serversOn(t, s.Dir()))

	s = start(t, devserver.Config{Binary: script})
	require.NoError(t, s.Stop(context.Background()))
	require.Empty(t, serversOn(t, s.Dir()))
	contains(t, s.LogTail(), "Received signal")
}

func TestCtrlCDoesNotReachTheServer(t *testing.T) {
	t.Parallel()
	s := start(t, devserver.Config{})
	pids := serversOn(t, s.Dir())
	require.Len(t, pids, 1)
	group, err := syscall.Getpgid(pids[0])
	require.NoError(t, err)
	require.NotEqual(t, syscall.Getpgrp(), group)
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pids[0]) + "/comm")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(stat), "restate-server"), "%s", stat) // cut off after 15 letters
}
