//go:build unix

package devserver

import (
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The watchdog is internal, and Linux does not need it: only these tests run it
// there.

func watched(t *testing.T) (*exec.Cmd, <-chan error) {
	cmd := exec.Command("sleep", "60")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, cmd.Start())
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	return cmd, done
}

func TestWatchdogSignalsTheGroupWhenItsInputEnds(t *testing.T) {
	t.Parallel()
	cmd, done := watched(t)
	dog, ours, err := unleash(cmd.Process.Pid, syscall.SIGTERM)
	require.NoError(t, err)
	require.NoError(t, ours.Close()) // as the end of this process does
	require.ErrorContains(t, <-done, "terminated")
	require.NoError(t, dog.Wait())
}

func TestWatchdogThatIsStoppedSignalsNobody(t *testing.T) {
	t.Parallel()
	cmd, done := watched(t)
	startWatchdog(cmd.Process.Pid, syscall.SIGTERM)()
	select {
	case err := <-done:
		t.Fatalf("it ended: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	require.NoError(t, cmd.Process.Kill())
	<-done
}
