//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package devserver

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

func tryLock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errLocked
	}
	return err
}

// shareLock lets the child hold the lock too: it is free when both are gone.
func shareLock(cmd *exec.Cmd, f *os.File) { cmd.ExtraFiles = []*os.File{f} }
