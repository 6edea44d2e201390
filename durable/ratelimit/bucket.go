package ratelimit

import (
	"errors"
	"fmt"
	"math"
	"time"

	"golang.org/x/time/rate"
)

// Rate is how many tokens a bucket gets and holds.
type Rate struct {
	// Limit is how many tokens the bucket gets in a second. [rate.Every] makes one of the time
	// between two. [rate.Inf] is no limit. Zero: it gets none.
	Limit rate.Limit `json:"limit"`
	// Burst is how many tokens it holds, and has at first: the most that can be taken at once.
	Burst int `json:"burst"`
}

func (r Rate) check() error {
	var errs []error
	if math.IsNaN(float64(r.Limit)) || r.Limit < 0 {
		errs = append(errs, fmt.Errorf("ratelimit: the limit is %v; it must be at least 0 tokens in a second", float64(r.Limit)))
	}
	if r.Burst < 0 {
		errs = append(errs, fmt.Errorf("ratelimit: the burst is %d; it must be at least 0 tokens", r.Burst))
	}
	return errors.Join(errs...)
}

// bucket is what is stored of a token bucket. Its arithmetic is that of x/time/rate, whose
// Limiter cannot be stored.
type bucket struct {
	// Rate is the one that it had when it was last used.
	Rate
	// Set says that Rate was set, and overrides what callers say.
	Set bool `json:"set,omitempty"`
	// Tokens are those at the time Last. They are negative if some are reserved.
	Tokens float64   `json:"tokens"`
	Last   time.Time `json:"last"`
	// LastEvent is the latest time at which somebody may act.
	LastEvent time.Time `json:"lastEvent"`
	// Sweeping says that a message is under way that removes the bucket when it is full.
	Sweeping bool `json:"sweeping,omitempty"`
}

// newBucket is full.
func newBucket(r Rate, now time.Time) bucket {
	return bucket{Rate: r, Tokens: float64(r.Burst), Last: now}
}

// tokens returns how many there are at a time.
func (b *bucket) tokens(now time.Time) float64 {
	elapsed := max(now.Sub(b.Last), 0)
	return min(b.Tokens+tokensIn(b.Limit, elapsed), float64(b.Burst))
}

// change gives the bucket another rate. What it has is capped when it is next used.
func (b *bucket) change(r Rate, now time.Time) {
	if r != b.Rate {
		b.Tokens, b.Last, b.Rate = b.tokens(now), now, r
	}
}

// reserve takes n tokens, if they are there within a time.
func (b *bucket) reserve(n int, within time.Duration, now time.Time) Reservation {
	r := Reservation{N: n, Limit: b.Limit, Now: now}
	if b.Limit == rate.Inf {
		r.OK, r.At = true, now
		return r
	}
	tokens := b.tokens(now) - float64(n)
	var wait time.Duration
	if tokens < 0 {
		wait = timeFor(b.Limit, -tokens)
	}
	if n > b.Burst || wait == rate.InfDuration {
		return r
	}
	r.OK, r.At = wait <= within, now.Add(wait)
	if r.OK {
		b.Tokens, b.Last, b.LastEvent = tokens, now, r.At
	}
	return r
}

// cancel gives tokens back, except those that later reservations count on.
func (b *bucket) cancel(r Reservation, now time.Time) {
	if !r.OK || b.Limit == rate.Inf || r.N == 0 || r.At.Before(now) {
		return
	}
	restored := float64(r.N) - tokensIn(r.Limit, b.LastEvent.Sub(r.At))
	if restored <= 0 {
		return
	}
	b.Tokens, b.Last = min(b.tokens(now)+restored, float64(b.Burst)), now
	if r.At.Equal(b.LastEvent) {
		if before := r.At.Add(-timeFor(r.Limit, float64(r.N))); !before.Before(now) {
			b.LastEvent = before
		}
	}
}

// fullIn returns when the bucket is full, or [rate.InfDuration].
func (b *bucket) fullIn(now time.Time) time.Duration {
	return timeFor(b.Limit, max(float64(b.Burst)-b.tokens(now), 0))
}

// timeFor returns how long it takes to get tokens.
func timeFor(limit rate.Limit, tokens float64) time.Duration {
	switch {
	case tokens == 0:
		return 0
	case limit <= 0:
		return rate.InfDuration
	}
	d := tokens / float64(limit) * float64(time.Second)
	if d > math.MaxInt64 {
		return rate.InfDuration
	}
	return time.Duration(d)
}

// tokensIn returns how many tokens come in a time.
func tokensIn(limit rate.Limit, d time.Duration) float64 {
	if limit <= 0 {
		return 0
	}
	return d.Seconds() * float64(limit)
}
