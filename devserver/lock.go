package devserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// lockPoll is how often a lock that another process holds is tried again.
const lockPoll = 50 * time.Millisecond

var errLocked = errors.New("locked by another process")

// lockFile takes the lock of the file at path, which it creates when missing,
// and waits until ctx ends for whoever holds it. waiting, if not nil, is
// called once before it waits. The lock ends with the last descriptor of the
// returned file, that of a child which inherited it included; the file stays,
// because removing it would let two processes lock two files of one name.
func lockFile(ctx context.Context, path string, waiting func()) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err := tryLock(f)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, errLocked) {
			_ = f.Close()
			return nil, err
		}
		if waiting != nil {
			waiting()
			waiting = nil
		}
		select {
		case <-ctx.Done():
			_ = f.Close()
			return nil, fmt.Errorf("%w: %w", errLocked, context.Cause(ctx))
		case <-time.After(lockPoll):
		}
	}
}
