package httpclient

import "errors"

// What the admin API may say of an invocation. Package ingress asks an error of
// package admin for it with errors.Is, and does not import that package.
var (
	// ErrUnknown: the server does not know it, or no longer.
	ErrUnknown = errors.New("unknown invocation")
	// ErrEnded: it has a result.
	ErrEnded = errors.New("ended invocation")
)
