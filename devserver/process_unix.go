//go:build unix && !linux

package devserver

import (
	"os/exec"
	"syscall"
)

func isolate(cmd *exec.Cmd, _ syscall.Signal) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// watchOver sends onDeath to the process group when this process is gone.
func watchOver(group int, onDeath syscall.Signal) (stop func()) {
	return startWatchdog(group, onDeath)
}
