package durable

import (
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/scope"
	"github.com/fxrestate/go/internal/sdk"
)

// Now returns the current time in UTC. It is journaled as a step named "now", so that it
// is the same on every attempt. The error is that of a cancelled invocation. Inside a
// restate.Run closure use time.Now.
//
// Where it replaces a restate.Run of time.Now, give the name of that step with
// restate.WithName: invocations in flight have it in their journals.
func Now(ctx restate.Context, opts ...restate.RunOption) (now time.Time, err error) {
	defer sdk.Rescue(&err)
	return restate.Run(ctx, func(ctx restate.RunContext) (time.Time, error) {
		return scope.Now(ctx).UTC(), nil
	}, append([]restate.RunOption{restate.WithName(nowName)}, opts...)...)
}
