package ingress

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
)

// invocationID is what the id of an invocation looks like. Nothing else goes from an
// answer or a path into an error, a log line or a header.
var invocationID = regexp.MustCompile(`^inv_[0-9A-Za-z]{1,100}$`)

// StatusHandler is a route for what became of an invocation:
//
//	r.Get("/invocations/{id}", ingress.StatusHandler(client))
//
// It answers with 200 and the result as it is, or 204 if there is none; with 202
// and a Retry-After while there is no result yet; with the handler's error as
// [ProblemOf] has it; and with 404 if the server knows no such invocation, or no
// longer. The 404 of a gateway, or of a server that is not asked under its own
// URL, is a 502, and logged: it says nothing about the invocation.
//
// Whoever knows an invocation's id can read its result here, whichever service it
// belongs to. Ids of calls with an idempotency key and of workflows can be
// computed from the key. Mount it behind the checks that the results need.
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

// unknownInvocation is what the server says of one that it does not know.
const unknownInvocation = "invocation not found"

// isUnknownInvocation tells whether the server itself says that there is no such
// invocation, or that the id is none. By the text, since the server answers with
// the same status where the URL of the client has a path too many.
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
