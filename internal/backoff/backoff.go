// Package backoff computes the waits between retries of the clients of the admin API and
// of the ingress.
package backoff

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// jitter is the random part of a wait, in both directions. See [New].
const jitter = 1.0 / 3

// Waits grow by a factor of 2.
type Waits struct{ exponential backoff.ExponentialBackOff }

// New returns waits of at most first, twice that, and so on up to longest. Each is
// shortened at random by up to half, so that callers that failed at the same moment do
// not retry at the same moment.
func New(first, longest time.Duration) *Waits {
	middle := func(d time.Duration) time.Duration { return max(1, time.Duration(float64(d)/(1+jitter))) }
	return &Waits{backoff.ExponentialBackOff{
		InitialInterval:     middle(min(first, longest)),
		MaxInterval:         middle(longest),
		Multiplier:          2,
		RandomizationFactor: jitter,
	}}
}

// Next returns the next wait.
func (w *Waits) Next() time.Duration { return w.exponential.NextBackOff() }

// Sleep waits for d. It returns false if ctx ends first.
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
