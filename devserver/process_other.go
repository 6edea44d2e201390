//go:build !unix

package devserver

import (
	"os/exec"
	"syscall"
)

func isolate(*exec.Cmd, syscall.Signal) {}

func watchOver(int, syscall.Signal) (stop func()) { return func() {} }

// terminate kills the process: this system has no signal that asks it to end.
func (p *process) terminate() { p.killGroup() }

func (p *process) killGroup() { _ = p.cmd.Process.Kill() }
