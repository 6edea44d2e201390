package ratelimit

import (
	"errors"
	"fmt"
	"time"

	restate "github.com/restatedev/sdk-go"
	"golang.org/x/time/rate"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/rpc"
)

// stored is the state of a bucket. Buckets outlive versions of the application: it never
// changes.
var stored = durable.NewStateKey[bucket]("bucket")

// idle is how long a full bucket is kept, so that one in use is not made again and again.
const idle = time.Minute

// Limiter is a virtual object with a token bucket for each key. fxrestate.RateLimits
// registers it. [Client] and [Ingress] are its typed clients.
//
// A bucket that is full is like one that was never used. It is removed after a minute, unless
// its rate was set.
type Limiter struct{ limiters rpc.Object[*Limiter] }

// New returns the object. The client is that of the object itself.
func New(limiters rpc.Object[*Limiter]) *Limiter { return &Limiter{limiters} }

// ServiceName is "RateLimiter".
func (*Limiter) ServiceName() string { return "RateLimiter" }

// Reserve is the request of [Limiter.ReserveN].
type Reserve struct {
	// N is how many tokens are taken. It may be zero.
	N int `json:"n"`
	// Within is how long the caller would wait for them, in nanoseconds. Default: not at all.
	Within time.Duration `json:"within,omitempty"`
	// Rate is that of a bucket whose rate was not set.
	Rate *Rate `json:"rate,omitempty"`
}

// Reservation says when the holder may act, as that of x/time/rate does.
type Reservation struct {
	// OK says that the tokens are reserved.
	OK bool `json:"ok"`
	// N is how many they are.
	N int `json:"n"`
	// At is when the holder may act, and if it is not OK, when it could have. It is the zero
	// time if that is never: more tokens than the bucket holds, or none that come.
	At time.Time `json:"at,omitzero"`
	// Now is when the tokens were reserved.
	Now time.Time `json:"now"`
	// Limit is the one at that time.
	Limit rate.Limit `json:"limit"`
}

// Delay is how long the holder has to wait, from Now on. It is [rate.InfDuration] if At is
// never.
func (r Reservation) Delay() time.Duration {
	if r.At.IsZero() {
		return rate.InfDuration
	}
	return max(r.At.Sub(r.Now), 0)
}

// State is what is known of a bucket.
type State struct {
	Rate
	// Set says that the rate was set, and holds whatever callers say.
	Set bool `json:"set,omitempty"`
	// Tokens are how many there are now. They are negative if some are reserved.
	Tokens float64 `json:"tokens"`
}

// Change is the request of [Limiter.SetRate].
type Change struct {
	// Limit and Burst replace those of the bucket. Nil leaves what is.
	Limit *rate.Limit `json:"limit,omitempty"`
	Burst *int        `json:"burst,omitempty"`
	// Rate is that of a bucket whose rate was not set.
	Rate *Rate `json:"rate,omitempty"`
}

var errNoRate = errors.New("ratelimit: the bucket has no rate; set one with SetRate, or say one in the request")

// State returns the rate of a bucket, and its tokens. The input is the rate of one whose rate
// was not set. Without one the error is terminal, with code 400.
func (*Limiter) State(ctx restate.ObjectSharedContext, byDefault *Rate) (State, error) {
	b, _, err := load(ctx, byDefault)
	if err != nil {
		return State{}, err
	}
	return State{b.Rate, b.Set, b.Tokens}, nil
}

// load returns the bucket as it is now.
func load(ctx restate.ObjectSharedContext, byDefault *Rate) (b bucket, now time.Time, err error) {
	if byDefault != nil {
		if err := byDefault.check(); err != nil {
			return b, now, badRequest(err)
		}
	}
	b, found, err := stored.Lookup(ctx)
	if err != nil {
		return b, now, err
	}
	if !found && byDefault == nil {
		return b, now, badRequest(errNoRate)
	}
	if now, err = durable.Now(ctx); err != nil {
		return b, now, err
	}
	switch {
	case !found:
		b = newBucket(*byDefault, now)
	case byDefault != nil && !b.Set:
		b.change(*byDefault, now)
	}
	b.Tokens, b.Last = b.tokens(now), maxTime(b.Last, now)
	return b, now, nil
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// ReserveN reserves tokens. A negative number, or a bad rate, is a terminal error with code
// 400.
func (l *Limiter) ReserveN(ctx restate.ObjectContext, in Reserve) (Reservation, error) {
	if in.N < 0 || in.Within < 0 {
		return Reservation{}, badRequest(fmt.Errorf("ratelimit: %d tokens within %v; neither can be negative", in.N, in.Within))
	}
	b, now, err := load(ctx, in.Rate)
	if err != nil {
		return Reservation{}, err
	}
	r := b.reserve(in.N, in.Within, now)
	if !r.OK || b.Limit == rate.Inf {
		return r, nil
	}
	return r, l.save(ctx, b, now)
}

// CancelReservation gives tokens back that the holder will not use, as far as later
// reservations do not count on them.
func (l *Limiter) CancelReservation(ctx restate.ObjectContext, r Reservation) error {
	if _, found, err := stored.Lookup(ctx); err != nil || !found {
		return err // full and removed
	}
	b, now, err := load(ctx, nil)
	if err != nil {
		return err
	}
	b.cancel(r, now)
	return l.save(ctx, b, now)
}

// SetRate sets the rate of a bucket, which then holds whatever callers say. What was reserved
// before stays reserved. A bad rate is a terminal error with code 400.
func (l *Limiter) SetRate(ctx restate.ObjectContext, in Change) error {
	byDefault := in.Rate
	if byDefault == nil && in.Limit != nil && in.Burst != nil {
		byDefault = &Rate{*in.Limit, *in.Burst}
	}
	b, now, err := load(ctx, byDefault)
	if err != nil {
		return err
	}
	r := b.Rate
	if in.Limit != nil {
		r.Limit = *in.Limit
	}
	if in.Burst != nil {
		r.Burst = *in.Burst
	}
	if err := r.check(); err != nil {
		return badRequest(err)
	}
	b.change(r, now)
	b.Set = true
	return l.save(ctx, b, now)
}

// save stores a bucket, and sends the message that removes it.
func (l *Limiter) save(ctx restate.ObjectContext, b bucket, now time.Time) error {
	if full := b.fullIn(now); !b.Sweeping && !b.Set && full != rate.InfDuration {
		if _, err := rpc.Send0Void(ctx, l.limiters.Key(restate.Key(ctx)), (*Limiter).Sweep, restate.WithDelay(full+idle)); err != nil {
			return err
		}
		b.Sweeping = true
	}
	return stored.Set(ctx, b)
}

// Sweep removes a bucket that is full, or looks again when it will be. It is for the limiter
// itself.
func (l *Limiter) Sweep(ctx restate.ObjectContext) error {
	if _, found, err := stored.Lookup(ctx); err != nil || !found {
		return err
	}
	b, now, err := load(ctx, nil)
	if err != nil {
		return err
	}
	b.Sweeping = false
	if !b.Set && b.fullIn(now) == 0 {
		return stored.Clear(ctx)
	}
	return l.save(ctx, b, now)
}

// badRequest is a mistake of the caller.
func badRequest(err error) error { return restate.ToTerminalError(err, restate.WithErrorCode(400)) }
