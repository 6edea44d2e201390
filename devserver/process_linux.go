package devserver

import (
	"os/exec"
	"syscall"
)

func isolate(cmd *exec.Cmd, onDeath syscall.Signal) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: onDeath}
}

// watchOver has nothing to do: the kernel sends the parent-death signal.
func watchOver(int, syscall.Signal) (stop func()) { return func() {} }
