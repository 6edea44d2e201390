//go:build unix

package devserver

import "syscall"

// terminate asks the process and its children to end.
func (p *process) terminate() { p.signalGroup(syscall.SIGTERM) }

// killGroup kills the process and its children.
func (p *process) killGroup() { p.signalGroup(syscall.SIGKILL) }

func (p *process) signalGroup(sig syscall.Signal) {
	if !p.ended() {
		_ = syscall.Kill(-p.cmd.Process.Pid, sig)
	}
}
