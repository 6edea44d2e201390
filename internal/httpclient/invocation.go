package httpclient

import "errors"

// The states of an invocation that an error of package admin can report. Package ingress
// checks for them with errors.Is, without importing package admin.
var (
	// ErrUnknown: the server does not know the invocation, or no longer.
	ErrUnknown = errors.New("unknown invocation")
	// ErrEnded: the invocation has a result.
	ErrEnded = errors.New("ended invocation")
)
