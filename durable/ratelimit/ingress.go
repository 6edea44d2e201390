package ratelimit

import (
	"context"
	"net/http"
	"time"

	"golang.org/x/time/rate"

	"github.com/fxrestate/go/ingress"
)

// Ingress has the buckets, outside handlers. fxrestate.RateLimits makes it injectable where it
// lets the ingress serve the buckets. It starts after the registration, as *ingress.Client does. [Client] is the same inside
// handlers.
type Ingress struct{ limiters ingress.Object[*Limiter] }

// NewIngress returns a client.
func NewIngress(client *ingress.Client) Ingress {
	return Ingress{ingress.NewObject[*Limiter](client)}
}

// Bucket returns the bucket with a key, which must not be empty. The rate is that of a bucket
// whose rate was not set.
func (c Ingress) Bucket(key string, r Rate) IngressBucket {
	return IngressBucket{c.limiters.Key(key), r}
}

// IngressBucket is a [Bucket], outside handlers.
type IngressBucket struct {
	limiter   ingress.Keyed[*Limiter]
	byDefault Rate
}

// State returns the rate of the bucket and its tokens.
func (b IngressBucket) State(ctx context.Context) (State, error) {
	return ingress.Call(ctx, b.limiter, (*Limiter).State, &b.byDefault)
}

// Allow is [IngressBucket.AllowN] of one token.
func (b IngressBucket) Allow(ctx context.Context) (bool, error) { return b.AllowN(ctx, 1) }

// AllowN takes n tokens if they are there now, and reports whether they were.
func (b IngressBucket) AllowN(ctx context.Context, n int) (bool, error) {
	r, err := b.ReserveN(ctx, n, 0)
	return r.OK, err
}

// Take is [IngressBucket.TakeN] of one token.
func (b IngressBucket) Take(ctx context.Context) error { return b.TakeN(ctx, 1) }

// TakeN takes n tokens. If they are not there now, the error is an *ingress.RequestError with
// status 429, of which ingress.WriteProblem makes a response with Retry-After.
func (b IngressBucket) TakeN(ctx context.Context, n int) error {
	r, err := b.ReserveN(ctx, n, 0)
	if err != nil || r.OK {
		return err
	}
	limit := &ingress.RequestError{Status: http.StatusTooManyRequests, Detail: textOf(r).Error()}
	if seconds, ok := retryAfter(r); ok {
		limit.RetryAfter = time.Duration(seconds) * time.Second
	}
	return limit
}

// ReserveN reserves n tokens, if they are there within a time; [rate.InfDuration] is as long
// as it takes. The holder acts after Delay, or gives the tokens back with
// [IngressBucket.Cancel].
func (b IngressBucket) ReserveN(ctx context.Context, n int, within time.Duration) (Reservation, error) {
	return ingress.Call(ctx, b.limiter, (*Limiter).ReserveN, Reserve{n, within, &b.byDefault})
}

// Cancel says that the holder of a reservation will not act: see [Reserved.Cancel].
func (b IngressBucket) Cancel(ctx context.Context, r Reservation) error {
	if !r.OK {
		return nil
	}
	return ingress.CallVoid(ctx, b.limiter, (*Limiter).CancelReservation, r)
}

// SetRate sets the rate of the bucket, which then holds whatever the program says.
func (b IngressBucket) SetRate(ctx context.Context, r Rate) error {
	return ingress.CallVoid(ctx, b.limiter, (*Limiter).SetRate, Change{Limit: &r.Limit, Burst: &r.Burst})
}

// SetLimit sets how many tokens the bucket gets in a second. See [IngressBucket.SetRate].
func (b IngressBucket) SetLimit(ctx context.Context, limit rate.Limit) error {
	return ingress.CallVoid(ctx, b.limiter, (*Limiter).SetRate, Change{Limit: &limit, Rate: &b.byDefault})
}

// SetBurst sets how many tokens the bucket holds. See [IngressBucket.SetRate].
func (b IngressBucket) SetBurst(ctx context.Context, burst int) error {
	return ingress.CallVoid(ctx, b.limiter, (*Limiter).SetRate, Change{Burst: &burst, Rate: &b.byDefault})
}

// Middleware lets a request pass that gets a token of the bucket which by names for it. Others
// are answered 429, with Retry-After and a problem. A request without a name passes. If
// the server cannot be asked, the answer is 503: no request passes unseen.
//
//	r.With(limits.Middleware(ratelimit.Rate{Limit: 10, Burst: 20}, func(r *http.Request) string {
//		return "api/" + tenantOf(r)
//	})).Post("/orders", …)
func (c Ingress) Middleware(r Rate, by func(*http.Request) string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if key := by(req); key != "" {
				if err := c.Bucket(bounded(key), r).Take(req.Context()); err != nil {
					ingress.WriteProblem(w, req, err)
					return
				}
			}
			next.ServeHTTP(w, req)
		})
	}
}
