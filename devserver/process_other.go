//go:build !unix

package devserver

import (
	"os/exec"
	"syscall"
)

func isolate(*exec.Cmd, syscall.Signal) {}

func watchOver(int, syscall.Signal) (stop func()) { return func() {} }

// terminate kills the process: there is no gentler way that a child has to
// heed.
func (p *process) terminate() { p.killGroup() }

func (p *process) killGroup() { _ = p.cmd.Process.Kill() }
