//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package devserver

import (
	"os"
	"os/exec"
	"syscall"
)

// lockForServer takes the lock of the file at path for a server that is to be
// started. The kernel keeps such a lock with the open file, so whoever inherits
// that holds it. Package flock does not hand out its file.
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

// lend has the command hold the lock once it is started, for as long as it or a
// child of it lives.
func lend(cmd *exec.Cmd, lock *os.File) { cmd.ExtraFiles = []*os.File{lock} }
