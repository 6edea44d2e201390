//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package devserver

import (
	"os"
	"os/exec"
)

// lockForServer locks nothing, because a child cannot inherit a lock on these
// systems. There is no server binary for them either, so only a docker client could
// outlive this process.
func lockForServer(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
}

func inheritLock(*exec.Cmd, *os.File) {}
