package devserver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gofrs/flock"
)

// lockPoll is the interval between attempts to take a lock.
const lockPoll = 50 * time.Millisecond

var errLocked = errors.New("locked by another process")

// lockFile locks the file at path, and creates it if it is missing. If another
// process holds the lock, it waits until ctx ends, and calls waiting once before
// (if not nil). The file stays after the unlock: if it were removed, two processes
// could lock two files of the same name.
func lockFile(ctx context.Context, path string, waiting func()) (*flock.Flock, error) {
	lock := flock.New(path)
	locked, err := lock.TryLock()
	if err == nil && !locked {
		if waiting != nil {
			waiting()
		}
		locked, err = lock.TryLockContext(ctx, lockPoll)
	}
	switch {
	case locked:
		return lock, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%w: %w", errLocked, context.Cause(ctx))
	default:
		return nil, err
	}
}

// lockedElsewhere tells whether the file at path is locked. It does not create a
// missing file.
func lockedElsewhere(path string) bool {
	lock := flock.New(path, flock.SetFlag(0))
	locked, err := lock.TryLock()
	if locked {
		_ = lock.Unlock()
	}
	return err == nil && !locked
}
