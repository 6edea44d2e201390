package fxrestate

import (
	"errors"
	"net/http"
	"strings"
	"time"

	restate "github.com/restatedev/sdk-go"
)

// Now returns the current time in UTC, the same one on every attempt: it is
// journaled as a step named "now". The error is that of a cancelled invocation.
// Inside a restate.Run closure use time.Now.
func Now(ctx restate.Context) (time.Time, error) {
	return restate.Run(ctx, func(restate.RunContext) (time.Time, error) {
		return time.Now().UTC(), nil
	}, restate.WithName("now"))
}

// IsTimeout reports whether err is a terminal error with code 408: something that
// was waited for did not come in time.
func IsTimeout(err error) bool {
	t := restate.AsTerminalError(err)
	return t != nil && t.Code() == http.StatusRequestTimeout
}

// IsCancelled reports whether err says that the invocation, or one that it waited
// for, was cancelled. The SDK gives cancellation the code 409, which other
// failures have too, such as a workflow that ran before.
func IsCancelled(err error) bool {
	if undone, ok := errors.AsType[*CompensationError](err); ok {
		return IsCancelled(undone.Cause)
	}
	t := restate.AsTerminalError(err)
	return t != nil && t.Code() == http.StatusConflict && strings.EqualFold(t.Message(), "cancelled")
}
