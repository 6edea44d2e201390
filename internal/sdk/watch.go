package sdk

import (
	"context"
	"fmt"
)

// Watch is told of each misuse of a handler's ctx, whatever becomes of its error. It is
// called on the goroutine of the misuse, which may be any.
type Watch func(handler, invocation string, misuse *Misuse)

type watchKey struct{}

// WithWatch returns a context whose attempts are watched. These are told of more than
// what is refused: of each use of the ctx on another goroutine than the handler's, too,
// even if nobody used it at the same time by good luck.
func WithWatch(ctx context.Context, w Watch) context.Context {
	return context.WithValue(ctx, watchKey{}, w)
}

func watchOf(ctx context.Context) Watch {
	w, _ := ctx.Value(watchKey{}).(Watch)
	return w
}

// tell tells whoever watches.
func (a *Attempt) tell(m *Misuse) {
	if a.watch != nil {
		a.watch(a.owner.String(), a.sdk.Request().ID, m)
	}
}

// observe tells of an operation that is let through on a goroutine that is not the
// handler's.
func (a *Attempt) observe(o operation) {
	if a.watch != nil && !handling() {
		a.tell(&Misuse{
			text:  fmt.Sprintf("durable: %s of %s on another goroutine than the handler's: %v", o, a.name(), ErrConcurrentUse),
			cause: []error{ErrConcurrentUse},
		})
	}
}
