package devserver

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// temporaryPrefix begins the names of temporary data directories.
const temporaryPrefix = "fxrestate-devserver-"

// makeTemporary makes a temporary data directory and locks its claim. While the
// claim is held, by this process and not by its children, the directory is not
// swept.
func makeTemporary() (dir string, claim *flock.Flock, err error) {
	const tries = 100
	for range tries {
		dir, err = os.MkdirTemp("", temporaryPrefix) // for this user alone
		if err != nil {
			return "", nil, err
		}
		claim = flock.New(filepath.Join(dir, claimLock))
		locked, err := claim.TryLock()
		if locked && inPlace(claim) {
			return dir, claim, nil
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", nil, errors.Join(err, os.RemoveAll(dir))
		}
		// A sweep took the claim first, and removes the directory.
		_ = claim.Unlock()
	}
	return "", nil, errors.New("every new directory in " + os.TempDir() + " is removed at once")
}

// inPlace tells whether the locked file still has its name.
func inPlace(lock *flock.Flock) bool {
	locked, err := lock.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(lock.Path())
	return err == nil && os.SameFile(locked, there)
}

// sweep removes temporary data directories of this user whose processes have died.
// Each may have a few hundred megabytes. A directory that cannot be removed is left
// for the next sweep.
func sweep(cfg Config) {
	entries, _ := os.ReadDir(os.TempDir()) // on an error, the entries read so far
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), temporaryPrefix) {
			continue
		}
		dir := filepath.Join(os.TempDir(), e.Name())
		if info, err := e.Info(); err == nil && ours(info) && removeAbandoned(dir) {
			cfg.progress("removed %s, which a process that was killed had left", dir)
		}
	}
}

// removeAbandoned removes a temporary data directory, unless the process that
// claimed it or a server in it is still alive.
func removeAbandoned(dir string) bool {
	// Do not create the file: a directory without one was never claimed.
	claim := flock.New(filepath.Join(dir, claimLock), flock.SetFlag(0))
	if locked, err := claim.TryLock(); err != nil || !locked {
		return false
	}
	defer func() { _ = claim.Unlock() }()
	if !inPlace(claim) {
		return false // another sweep removed it
	}
	if lockedElsewhere(filepath.Join(dir, useLock)) || lockedElsewhere(filepath.Join(dir, serverLock)) {
		return false
	}
	// We hold the claim, so no other process can use the directory meanwhile.
	if os.RemoveAll(dir) == nil {
		return true
	}
	_ = claim.Unlock() // some systems cannot remove open files
	return os.RemoveAll(dir) == nil
}
