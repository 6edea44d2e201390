package sdk

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/fxrestate/go/internal/protocol"
)

// Exchange is what a request and the attempt in it tell each other. Its zero value
// can be used.
type Exchange struct {
	// Abort ends the context of the attempt. It may be nil.
	Abort context.CancelFunc
	// PauseOnMismatch has the invocation paused if its journal does not match its handler.
	PauseOnMismatch bool

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

// amend makes of the SDK's error what the server is to do next. The SDK has no way to say
// that, and sends the stack of a panic of its own, which the server shows to the caller of
// an invocation that it gives up.
func (x *Exchange) amend(failed *protocol.Error) {
	failed.StackTrace = ""
	if x.PauseOnMismatch && failed.Code == protocol.CodeJournalMismatch {
		failed.Behavior = protocol.BehaviorPause
	}
	a := x.Running()
	if a == nil {
		return
	}
	if delay, asked := a.owner.RetryDelay(); asked {
		failed.NextRetryDelay = new(uint64(delay / time.Millisecond))
	}
	if a.owner.Pauses() {
		failed.Behavior = protocol.BehaviorPause
	}
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
