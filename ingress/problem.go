package ingress

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/httpclient"
)

// statusClientClosed is what nginx logs when the client closed the connection. No client
// sees it.
const statusClientClosed = 499

// RequestError is a bad request to a route. The functions of a [Route] and of [Verify]
// may return one, which sets the status and the detail of the response.
type RequestError struct {
	// Status is the HTTP status of the response.
	Status int
	// Detail explains it to the client.
	Detail string
	// RetryAfter tells the client when to try again, in the header Retry-After. Default: not.
	RetryAfter time.Duration
}

// Error returns status and detail.
func (e *RequestError) Error() string {
	return fmt.Sprintf("ingress: %d %s", e.Status, cmp.Or(e.Detail, http.StatusText(e.Status)))
}

func badRequest(detail string) error {
	return &RequestError{Status: http.StatusBadRequest, Detail: detail}
}

// clientError makes an error of what a user's function found wrong with a request.
func clientError(err error) error {
	var own *RequestError
	if errors.As(err, &own) {
		return err
	}
	return badRequest(err.Error())
}

// Problem is the problem details object of RFC 9457 with three members of
// Restate's.
type Problem struct {
	// Type is a URI reference that identifies the kind of problem. Absent means
	// "about:blank": the problem is that of the status.
	Type string `json:"type,omitempty"`
	// Title is the text of the status.
	Title string `json:"title"`
	// Status is the HTTP status.
	Status int `json:"status"`
	// Detail explains this occurrence.
	Detail string `json:"detail,omitempty"`
	// Code is Restate's error code, and that of the terminal error if the handler
	// failed.
	Code restate.Code `json:"code,omitempty"`
	// InvocationID of the invocation that failed.
	InvocationID string `json:"invocationId,omitempty"`
	// Metadata of the terminal error: see restate.WithMetadata.
	Metadata map[string]string `json:"metadata,omitempty"`

	retryAfter time.Duration
}

// ProblemOf describes an error of this package to the client of a route. A mistake of
// the client is a 4xx with an explanation. Any other problem does not show what went
// wrong inside.
//
//	a terminal error of the handler   its code, or 500; text and metadata if 4xx, and
//	                                  Retry-After if its metadata have "retry-after"
//	a bad request to the route        400, 413, 415, or as the *RequestError says
//	the server is overloaded or away  503, with its Retry-After
//	the server rejected the call      502, since that is the route's mistake
//	the connection broke              502
//	the request's deadline passed     504
//	anything else                     500
func ProblemOf(err error) Problem {
	var bad *RequestError
	var answered *Error
	var broken *ConnectionError
	p := Problem{Status: http.StatusInternalServerError}
	switch {
	case errors.As(err, &bad):
		p.Status, p.Detail, p.retryAfter = bad.Status, bad.Detail, bad.RetryAfter
	case errors.As(err, &answered):
		p = answered.problem()
	case errors.As(err, &broken) && httpclient.InDial(broken.Err):
		p.Status = http.StatusServiceUnavailable
	case errors.Is(err, context.DeadlineExceeded):
		p.Status = http.StatusGatewayTimeout
	case errors.Is(err, context.Canceled):
		p.Status = statusClientClosed
	case errors.As(err, &broken):
		p.Status = http.StatusBadGateway
	}
	p.Title = cmp.Or(http.StatusText(p.Status), "Error")
	return p
}

func (e *Error) problem() Problem {
	p := Problem{Code: e.Code, InvocationID: e.InvocationID, retryAfter: e.RetryAfter}
	switch {
	case e.Source == SourceInvocation && e.Code >= 400 && e.Code < 500:
		p.Status, p.Detail, p.Metadata = int(e.Code), e.Message, e.Metadata
		if p.retryAfter == 0 {
			p.retryAfter = parseRetryAfter(e.Metadata["retry-after"], time.Now())
		}
	case e.Source == SourceInvocation && e.Code >= 500 && e.Code < 600:
		p.Status = int(e.Code)
	case e.Source == SourceInvocation:
		p.Status = http.StatusInternalServerError
	case e.Status == http.StatusRequestEntityTooLarge:
		p.Status = e.Status
	case e.unavailable():
		p.Status = http.StatusServiceUnavailable
	default:
		p.Status = http.StatusBadGateway
	}
	return p
}

// WriteProblem writes the [Problem] of an error as application/problem+json. Controllers
// that make calls themselves can use it too.
func WriteProblem(w http.ResponseWriter, _ *http.Request, err error) {
	p := ProblemOf(err)
	if p.InvocationID != "" {
		w.Header().Set(invocationIDHeader, p.InvocationID)
	}
	if p.retryAfter > 0 {
		w.Header().Set(retryAfterHeader, strconv.FormatInt(roundUp(p.retryAfter, time.Second), 10))
	}
	writeJSON(w, p.Status, "application/problem+json", p)
}

// roundUp returns how many units a duration has, the last perhaps not whole.
func roundUp(d, unit time.Duration) int64 {
	units := int64(d / unit)
	if d%unit > 0 {
		units++
	}
	return units
}

// logFailure logs an error of a route, which the response does not show. It logs neither
// a mistake of the client nor the failure of a handler, which the service logged.
func (c *Client) logFailure(r *http.Request, target string, err error) {
	var answered *Error
	if errors.As(err, &answered) && answered.Source == SourceInvocation {
		return
	}
	if ProblemOf(err).Status >= 500 {
		c.log.WarnContext(r.Context(), "ingress: a request failed", "target", target, "error", err)
	}
}
