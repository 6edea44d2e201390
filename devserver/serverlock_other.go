//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package devserver

import (
	"os"
	"os/exec"
)

// lockForServer locks nothing, because a child cannot inherit a lock here. There
// is no server binary for these systems either: what outlives this process is a
// docker client at most.
func lockForServer(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
}

func lend(*exec.Cmd, *os.File) {}
