// Package backoff says how long the clients of the admin API and of the ingress
// wait before they try again.
package backoff

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// jitter takes the waits apart in both directions. See [New].
const jitter = 1.0 / 3

// Waits grow by a factor of 2.
type Waits struct{ exponential backoff.ExponentialBackOff }

// New returns waits of at most first, twice that, and so on up to longest. Each is
// shortened at random by up to half, so that callers who failed together do not
// come back together.
func New(first, longest time.Duration) *Waits {
	middle := func(d time.Duration) time.Duration { return time.Duration(float64(d) / (1 + jitter)) }
	return &Waits{backoff.ExponentialBackOff{
		InitialInterval:     middle(min(first, longest)),
		MaxInterval:         middle(longest),
		Multiplier:          2,
		RandomizationFactor: jitter,
	}}
}

// Next returns the next wait.
func (w *Waits) Next() time.Duration { return w.exponential.NextBackOff() }

// Sleep waits, and reports false when ctx ends before.
func Sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
