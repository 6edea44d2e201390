//go:build unix

package devserver

import (
	"io"
	"os/exec"
	"strconv"
	"syscall"
)

// startWatchdog signals the process group when this process is gone, until stop is
// called. It replaces the parent-death signal on systems without one, and is
// compiled on Linux too so that it is tested there. It is a best effort: it does
// nothing if no shell can be started.
func startWatchdog(group int, sig syscall.Signal) (stop func()) {
	dog, ours, err := unleash(group, sig)
	if err != nil {
		return func() {}
	}
	return func() {
		// Kill it before its input ends, because the group's number may have been
		// reused.
		_ = dog.Process.Kill()
		_ = ours.Close()
		_ = dog.Wait()
	}
}

// unleash starts a shell that waits for the end of its standard input and then
// signals the group. Only this process holds the other end of that input.
func unleash(group int, sig syscall.Signal) (dog *exec.Cmd, ours io.Closer, err error) {
	dog = exec.Command("/bin/sh", "-c", `read -r _; kill "-$1" "-$2"`,
		"devserver-watchdog", strconv.Itoa(int(sig)), strconv.Itoa(group))
	dog.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	ours, err = dog.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	return dog, ours, dog.Start()
}
