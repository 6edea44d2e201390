package durable

import (
	"cmp"
	"errors"
	"net/http"
	"strings"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/handler"
)

// Error has what the errors of the SDK have in common, restate.TerminalError and
// restate.RetryableError. Find one with errors.As, or ask [IsRestateError].
type Error interface {
	error
	// Code is the HTTP status that the caller gets.
	Code() restate.Code
	// Message is the text without the code.
	Message() string
}

var (
	_ Error = restate.TerminalError(nil)
	_ Error = restate.RetryableError(nil)
)

// NewTimeoutError returns a terminal error with code 408, for which [IsTimeout] holds. A
// handler returns it, or its fake in a test. The default of message is "timed out".
func NewTimeoutError(message string) error {
	return restate.ToTerminalError(errors.New(cmp.Or(message, "timed out")), restate.WithErrorCode(http.StatusRequestTimeout))
}

// NewCancelledError returns the terminal error of a cancelled invocation, with code 409,
// for which [IsCancelled] holds.
func NewCancelledError() error {
	return restate.ToTerminalError(errors.New("cancelled"), restate.WithErrorCode(http.StatusConflict))
}

// IsRestateError reports whether err is, or wraps, an error of the SDK: one that
// says for itself whether the invocation is retried, and with which code.
func IsRestateError(err error) bool {
	return restate.IsTerminalError(err) || restate.AsRetryableError(err) != nil
}

// IsTimeout reports whether err is a terminal error with code 408: something did not
// complete in time. It looks at the code because that and the message are all that is
// left of an error that came from another handler or from the journal.
func IsTimeout(err error) bool {
	t := restate.AsTerminalError(err)
	return t != nil && t.Code() == http.StatusRequestTimeout
}

// IsCancelled reports whether this invocation, or one that it waited for, was cancelled.
// It looks at the message too, because code 409 is also that of other failures, such as
// the second run of a workflow. [IsSelfCancelled] tells the two apart.
func IsCancelled(err error) bool {
	if undone, ok := errors.AsType[*CompensationError](err); ok {
		return IsCancelled(undone.Cause)
	}
	t := restate.AsTerminalError(err)
	return t != nil && t.Code() == http.StatusConflict && strings.EqualFold(t.Message(), "cancelled")
}

// IsSelfCancelled reports whether this invocation was cancelled, and not one that it
// called: for a caller that treats a cancelled callee as a failed one, and goes on.
//
//	quote, err := rpc.Call(ctx, s.shop, (*Shop).Quote, item)
//	switch {
//	case durable.IsSelfCancelled(err):
//		return err // somebody wants this handler to stop
//	case durable.IsCancelled(err):
//		quote, err = s.estimate(ctx, item) // somebody stopped the callee
//	}
//
// It looks at the [handler.CallError] that calls of package rpc fail with. The failure of
// a call with the SDK's own client does not tell whose cancellation it is, and counts as
// this invocation's. So does an error that a handler returned as its own.
func IsSelfCancelled(err error) bool {
	if undone, ok := errors.AsType[*CompensationError](err); ok {
		return IsSelfCancelled(undone.Cause)
	}
	call, ok := restate.AsTerminalError(err).(*handler.CallError)
	return IsCancelled(err) && (!ok || call.CallerCancelled)
}

// badRequest makes a terminal error of what a caller sent.
func badRequest(err error) error {
	return restate.ToTerminalError(err, restate.WithErrorCode(http.StatusBadRequest))
}
