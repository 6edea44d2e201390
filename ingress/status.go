package ingress

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
)

// invocationID is the form of an invocation's id. Nothing else goes from a response or a
// path into an error, a log line or a header.
var invocationID = regexp.MustCompile(`^inv_[0-9A-Za-z]{1,100}$`)

// StatusHandler is a route for the result of an invocation:
//
//	r.Get("/invocations/{id}", ingress.StatusHandler(client))
//
// It responds with
//
//	the result is there               200 and the result as it is, or 204 without one
//	the invocation has not completed  202 with a Retry-After
//	the handler failed                what [ProblemOf] says
//	the server does not know the id   404
//
// A 404 of a gateway, or of a server with another URL, says nothing about the
// invocation: it becomes a 502, and is logged.
//
// A client that knows an invocation's id can read its result here, whichever service it
// belongs to. The ids of workflows and of calls with an idempotency key can be computed
// from the key. Mount it behind the checks that the results need.
func StatusHandler(c *Client) http.HandlerFunc {
	if c == nil {
		return func(w http.ResponseWriter, r *http.Request) { WriteProblem(w, r, errNoClient) }
	}
	return func(w http.ResponseWriter, r *http.Request) {
		id := PathValue(r, "id")
		if !invocationID.MatchString(id) {
			WriteProblem(w, r, errUnknownInvocation)
			return
		}
		a, err := c.fetch(r.Context(), verbOutput, id, byID(id))
		switch {
		case err == nil:
			writeAnswer(w, a)
		case errors.Is(err, ErrNotReady):
			w.Header().Set(invocationIDHeader, id)
			w.Header().Set(retryAfterHeader, "1")
			writeJSON(w, http.StatusAccepted, "application/json", struct {
				InvocationID string `json:"invocationId"`
				Ready        bool   `json:"ready"`
			}{InvocationID: id})
		case isUnknownInvocation(err):
			WriteProblem(w, r, errUnknownInvocation)
		default:
			c.logFailure(r, verbOutput+" "+id, err)
			WriteProblem(w, r, err)
		}
	}
}

// unknownInvocation is the server's message for an invocation that it does not know.
const unknownInvocation = "invocation not found"

// isUnknownInvocation reports whether the server itself does not know the invocation, or
// does not take the id for one. It goes by the text: the status is the same when the
// client's URL has a path too many.
func isUnknownInvocation(err error) bool {
	var refused *Error
	if !errors.As(err, &refused) || refused.Source != SourceIngress {
		return false
	}
	switch refused.Status {
	case http.StatusNotFound:
		return refused.Message == unknownInvocation
	case http.StatusBadRequest:
		return strings.HasPrefix(refused.Message, "bad invocation id")
	default:
		return false
	}
}

var errUnknownInvocation = &RequestError{Status: http.StatusNotFound, Detail: "no such invocation"}
