package durable

import (
	"cmp"
	"errors"
	"net/http"
	"strings"

	restate "github.com/restatedev/sdk-go"
)

// Error is what the errors of the SDK have in common, [TerminalError] and
// [RetryableError]. Find one with errors.As, or ask [IsRestateError].
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

// NewTimeoutError returns a terminal error with code 408, for which [IsTimeout] holds: for
// a handler to return, or for the fake of one in a test. what says what timed out, as in
// "the bank timed out". Empty, it is "timed out".
func NewTimeoutError(what string) error {
	return restate.ToTerminalError(errors.New(cmp.Or(what, "timed out")), restate.WithErrorCode(http.StatusRequestTimeout))
}

// NewCancelledError returns a terminal error with code 409, for which [IsCancelled] holds:
// that of a cancelled invocation.
func NewCancelledError() error {
	return restate.ToTerminalError(errors.New("cancelled"), restate.WithErrorCode(http.StatusConflict))
}

// IsRestateError reports whether err is, or wraps, an error of the SDK: one that
// says for itself whether the invocation is retried, and with which code.
func IsRestateError(err error) bool {
	return restate.IsTerminalError(err) || restate.AsRetryableError(err) != nil
}

// IsTimeout reports whether err is a terminal error with code 408: something that
// was waited for did not come in time. There is no variable to compare with: of an error
// that comes from another handler, or out of the journal, code and message are left.
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
