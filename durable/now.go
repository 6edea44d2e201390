package durable

import (
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/sdk"
)

// Now returns the current time in UTC. It is journaled as a step named "now", so that it
// is the same on every attempt. The error is that of a cancelled invocation. Inside a
// restate.Run closure use time.Now.
func Now(ctx restate.Context) (now time.Time, err error) {
	defer sdk.Rescue(&err)
	return restate.Run(ctx, func(restate.RunContext) (time.Time, error) {
		return time.Now().UTC(), nil
	}, restate.WithName(nowName))
}
