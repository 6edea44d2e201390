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

// makeTemporary makes a temporary data directory and claims it. As long as the
// claim is held, by this process and no child of it, the directory is not swept.
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
		// A sweep came in between, and removes it.
		_ = claim.Unlock()
	}
	return "", nil, errors.New("every new directory in " + os.TempDir() + " is removed at once")
}

// inPlace says whether the locked file is still the one that has its name.
func inPlace(lock *flock.Flock) bool {
	locked, err := lock.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(lock.Path())
	return err == nil && os.SameFile(locked, there)
}

// sweep removes the temporary data directories of this user whose processes have
// died, each of which may hold a few hundred megabytes. What it cannot remove is
// left for the next one.
func sweep(cfg Config) {
	entries, _ := os.ReadDir(os.TempDir()) // what can be read of it
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

// removeAbandoned removes a temporary data directory unless the process that
// claimed it lives, or a server that runs in it.
func removeAbandoned(dir string) bool {
	// Without a file there was no claim, and it is not ours to create.
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
	// The claim is held meanwhile, so nobody takes the directory for new.
	if os.RemoveAll(dir) == nil {
		return true
	}
	_ = claim.Unlock() // what is open cannot be removed everywhere
	return os.RemoveAll(dir) == nil
}
