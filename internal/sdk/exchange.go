package sdk

import (
	"context"
	"sync/atomic"
	"time"
)

// Exchange is what a request and the attempt in it tell each other. Its zero value
// can be used.
type Exchange struct {
	// Abort ends the context of the attempt. It may be nil.
	Abort context.CancelFunc

	attempt atomic.Pointer[Attempt]
	dropped atomic.Bool // what the SDK still writes: the attempt is tried again
}

type exchangeKey struct{}

// WithExchange returns a context whose attempt takes part in an exchange.
func WithExchange(ctx context.Context, x *Exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, x)
}

func exchangeOf(ctx context.Context) *Exchange {
	x, _ := ctx.Value(exchangeKey{}).(*Exchange)
	return x
}

// Running returns the attempt, or nil before there is one.
func (x *Exchange) Running() *Attempt { return x.attempt.Load() }

// retryDelay is the delay that the attempt asks for, in milliseconds.
func (x *Exchange) retryDelay() (milliseconds uint64, asked bool) {
	a := x.Running()
	if a == nil {
		return 0, false
	}
	delay, asked := a.owner.RetryDelay()
	return uint64(delay / time.Millisecond), asked
}

// FailureOf returns what the attempt behind a context of the SDK's has failed with: see
// [Owner]. It is nil before that, and where the SDK serves the handler by itself. Call it where the SDK
// does: on the goroutine of the attempt.
func FailureOf(ctx context.Context) (FailureKind, error) {
	x := exchangeOf(ctx)
	if x == nil {
		return FailurePlain, nil
	}
	if a := x.Running(); a != nil {
		return a.owner.Failure()
	}
	return FailurePlain, nil
}
