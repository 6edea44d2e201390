//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package devserver

import (
	"os"
	"os/exec"
)

// tryLock locks nothing. It is not needed here: npm has no server for these
// systems, so nothing is installed, and a server refuses a data directory
// that another one has open.
func tryLock(*os.File) error { return nil }

func shareLock(*exec.Cmd, *os.File) {}
