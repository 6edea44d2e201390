package deployment

import (
	"context"
	"math/rand/v2"
	"time"
)

// The first pauses are short because a server on the same machine starts in less
// than half a second. The last ones suit a server that is down for long.
const (
	firstPause = 100 * time.Millisecond
	maxPause   = 5 * time.Second
)

func nextPause(pause time.Duration) time.Duration { return min(2*pause, maxPause) }

// jitter shortens a pause by up to half, so that applications that lost the same
// server do not retry at the same moment.
func jitter(pause time.Duration) time.Duration {
	return pause - rand.N(pause/2)
}

// sleep returns false if ctx ends before d is over.
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
