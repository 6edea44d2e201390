//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package devserver

import (
	"os"
	"os/exec"
	"syscall"
)

// lockForServer locks the file at path for a server that is to be started. The
// kernel ties the lock to the open file, so a child that inherits the file holds
// the lock. Package flock cannot be used because it does not expose its file.
func lockForServer(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, &os.PathError{Op: "flock", Path: path, Err: err}
	}
	return f, nil
}

// inheritLock makes the command hold the lock from its start until it and its
// children have ended.
func inheritLock(cmd *exec.Cmd, lock *os.File) { cmd.ExtraFiles = []*os.File{lock} }
