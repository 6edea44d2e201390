package deployment

import (
	"context"
	"math/rand/v2"
	"time"
)

// A server on the same machine boots in less than half a second, so the first
// pauses are short; the last are those of a server that is down for long.
const (
	firstPause = 100 * time.Millisecond
	maxPause   = 5 * time.Second
)

func nextPause(pause time.Duration) time.Duration { return min(2*pause, maxPause) }

// jitter shortens a pause by up to half, so that applications that lost the
// same server do not come back in step.
func jitter(pause time.Duration) time.Duration {
	return pause - rand.N(pause/2)
}

// sleep returns false if ctx ended before the time was over.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
