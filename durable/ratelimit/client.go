package ratelimit

import (
	"fmt"
	"strconv"
	"time"

	restate "github.com/restatedev/sdk-go"
	"golang.org/x/time/rate"

	"github.com/fxrestate/go/rpc"
)

// Client has the buckets, inside handlers. fxrestate.RateLimits makes it injectable.
// [Ingress] is the same outside.
type Client struct{ limiters rpc.Object[*Limiter] }

// NewClient returns a client.
func NewClient(limiters rpc.Object[*Limiter]) Client { return Client{limiters} }

// Bucket returns the bucket with a key, which must not be empty. The rate is that of a bucket
// whose rate was not set.
func (c Client) Bucket(key string, r Rate) Bucket { return Bucket{c.limiters.Key(key), r} }

// Bucket is a token bucket, inside handlers. Its methods have the names and the meaning of
// those of x/time/rate. Two things differ: a reservation that would have to wait for ever is
// not OK, and what is over the limit is a terminal error with code 429.
type Bucket struct {
	limiter   rpc.Keyed[*Limiter]
	byDefault Rate
}

// State returns the rate of the bucket and its tokens.
func (b Bucket) State(ctx restate.Context) (State, error) {
	return rpc.Call(ctx, b.limiter, (*Limiter).State, &b.byDefault)
}

// Limit returns how many tokens the bucket gets in a second.
func (b Bucket) Limit(ctx restate.Context) (rate.Limit, error) {
	s, err := b.State(ctx)
	return s.Limit, err
}

// Burst returns how many tokens the bucket holds.
func (b Bucket) Burst(ctx restate.Context) (int, error) {
	s, err := b.State(ctx)
	return s.Burst, err
}

// Tokens returns how many tokens there are now. They are negative if some are reserved.
func (b Bucket) Tokens(ctx restate.Context) (float64, error) {
	s, err := b.State(ctx)
	return s.Tokens, err
}

// Allow is [Bucket.AllowN] of one token.
func (b Bucket) Allow(ctx restate.Context) (bool, error) { return b.AllowN(ctx, 1) }

// AllowN takes n tokens if they are there now, and reports whether they were.
func (b Bucket) AllowN(ctx restate.Context, n int) (bool, error) {
	r, err := b.ReserveN(ctx, n, 0)
	return r.OK, err
}

// Take is [Bucket.TakeN] of one token.
func (b Bucket) Take(ctx restate.Context) error { return b.TakeN(ctx, 1) }

// TakeN takes n tokens. If they are not there now, the error is terminal, with code 429. Its
// metadata have "retry-after", in seconds.
func (b Bucket) TakeN(ctx restate.Context, n int) error {
	r, err := b.ReserveN(ctx, n, 0)
	if err != nil || r.OK {
		return err
	}
	return limited(r.Reservation)
}

// Reserve is [Bucket.ReserveN] of one token, whenever that is.
func (b Bucket) Reserve(ctx restate.Context) (Reserved, error) {
	return b.ReserveN(ctx, 1, rate.InfDuration)
}

// ReserveN reserves n tokens, if they are there within a time; [rate.InfDuration] is as long
// as it takes. The holder acts after Delay, or calls Cancel. It is not OK if n is more than
// the burst, or the time does not suffice.
func (b Bucket) ReserveN(ctx restate.Context, n int, within time.Duration) (Reserved, error) {
	r, err := rpc.Call(ctx, b.limiter, (*Limiter).ReserveN, Reserve{n, within, &b.byDefault})
	return Reserved{r, b.limiter}, err
}

// Wait is [Bucket.WaitN] of one token, however long it takes.
func (b Bucket) Wait(ctx restate.Context) error { return b.WaitN(ctx, 1, rate.InfDuration) }

// WaitN reserves n tokens and sleeps until they are there. If n is more than the burst, or it
// would take longer than within, the error is terminal, with code 429, and nothing is
// reserved. If the invocation is cancelled meanwhile, the tokens are given back.
func (b Bucket) WaitN(ctx restate.Context, n int, within time.Duration) error {
	r, err := b.ReserveN(ctx, n, within)
	switch {
	case err != nil:
		return err
	case !r.OK:
		return limited(r.Reservation)
	case r.Delay() == 0:
		return nil
	}
	if err := restate.Sleep(ctx, r.Delay()); err != nil {
		if failed := r.Cancel(ctx); failed != nil {
			return failed
		}
		return err
	}
	return nil
}

// SetRate sets the rate of the bucket, which then holds whatever the program says.
func (b Bucket) SetRate(ctx restate.Context, r Rate) error {
	return b.change(ctx, Change{Limit: &r.Limit, Burst: &r.Burst})
}

// SetLimit sets how many tokens the bucket gets in a second. See [Bucket.SetRate].
func (b Bucket) SetLimit(ctx restate.Context, limit rate.Limit) error {
	return b.change(ctx, Change{Limit: &limit})
}

// SetBurst sets how many tokens the bucket holds. See [Bucket.SetRate].
func (b Bucket) SetBurst(ctx restate.Context, burst int) error {
	return b.change(ctx, Change{Burst: &burst})
}

func (b Bucket) change(ctx restate.Context, c Change) error {
	c.Rate = &b.byDefault
	return rpc.CallVoid(ctx, b.limiter, (*Limiter).SetRate, c)
}

// Reserved is a reservation that its holder can cancel.
type Reserved struct {
	Reservation

	limiter rpc.Keyed[*Limiter]
}

// Cancel says that the holder will not act, and gives the tokens back, as far as later
// reservations do not count on them. It does not wait for that. Nothing happens to a
// reservation that is not OK.
func (r Reserved) Cancel(ctx restate.Context) error {
	if !r.OK {
		return nil
	}
	_, err := rpc.SendVoid(ctx, r.limiter, (*Limiter).CancelReservation, r.Reservation)
	return err
}

// retryAfterKey is the metadata of an error that says how many seconds to wait. Package
// ingress makes the header of it.
const retryAfterKey = "retry-after"

// limited is the error of what is over the limit.
func limited(r Reservation) error {
	opts := []restate.TerminalErrorOption{restate.WithErrorCode(429)}
	if seconds, ok := retryAfter(r); ok {
		opts = append(opts, restate.WithMetadata(retryAfterKey, strconv.FormatInt(seconds, 10)))
	}
	return restate.ToTerminalError(textOf(r), opts...)
}

func textOf(r Reservation) error {
	if r.At.IsZero() {
		return fmt.Errorf("over the rate limit: %d tokens are more than there will be at once", r.N)
	}
	return fmt.Errorf("over the rate limit: try again in %v", r.Delay())
}

// retryAfter is how many seconds to wait, the last perhaps not whole.
func retryAfter(r Reservation) (seconds int64, ok bool) {
	return int64((r.Delay() + time.Second - 1) / time.Second), !r.At.IsZero()
}
