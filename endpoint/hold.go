package endpoint

import (
	"net/http"

	"github.com/fxrestate/go/event"
)

// Hold makes the endpoint answer invocations 503 with Retry-After until [Endpoint.Release],
// for the given reason. Restate comes back and counts no attempt of the retry policy.
// Discovery and health are answered. It is for code that must not go on with invocations
// that are in flight, or not yet.
func (e *Endpoint) Hold(reason string) {
	e.held.Store(&refusal{status: http.StatusServiceUnavailable, reason: "invocations are held: " + reason, after: retryAfter, cause: event.Held})
}

// Release ends a [Endpoint.Hold].
func (e *Endpoint) Release() { e.held.Store(nil) }
