package devserver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gofrs/flock"
)

// lockPoll is how often a lock that another process holds is tried again.
const lockPoll = 50 * time.Millisecond

var errLocked = errors.New("locked by another process")

// lockFile takes the lock of the file at path, which it creates when missing,
// and waits until ctx ends for whoever holds it. waiting, if not nil, is called
// once before it waits. The file stays when the lock ends, because removing it
// would let two processes lock two files of one name.
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

// lockedElsewhere says whether a lock of the file at path is held. A file that is
// not there is not created.
func lockedElsewhere(path string) bool {
	lock := flock.New(path, flock.SetFlag(0))
	locked, err := lock.TryLock()
	if locked {
		_ = lock.Unlock()
	}
	return err == nil && !locked
}
