package scope

import (
	"context"
	"time"
)

// ClockKey is the key under which the context of an invocation that is played in a test
// has its clock, a func() time.Time.
type ClockKey struct{}

// Now returns the time by the clock of ctx, or else that of the machine.
func Now(ctx context.Context) time.Time {
	if now, ok := ctx.Value(ClockKey{}).(func() time.Time); ok {
		return now()
	}
	return time.Now()
}
