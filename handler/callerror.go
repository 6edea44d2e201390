package handler

import restate "github.com/restatedev/sdk-go"

// CallError is the failure of a call: the terminal error that the called handler ended
// with, and which handler it was. Package rpc returns it inside handlers. Package
// ingress wraps it in its own error outside. So one question does for both:
//
//	if failed, ok := errors.AsType[*handler.CallError](err); ok {
//		log.Warn("call failed", "target", failed.Target, "code", failed.Code(), "invocation", failed.InvocationID)
//	}
//
// It is a restate.TerminalError. A handler that returns it ends with the code, the
// message and the metadata of the handler that it called. For that reason its text is
// the message alone.
//
// [CodeOf] asks for the code alone.
//
// Inside a handler a call fails as well when the caller is cancelled while it waits:
// see durable.IsCancelled.
type CallError struct {
	// TerminalError has the code, the message and the metadata.
	restate.TerminalError
	// Target is the handler that was called, such as "payments/Charge". It is empty
	// when only the id of the invocation was known.
	Target string
	// InvocationID of the invocation that failed. It is empty if it is not known.
	InvocationID string
}

// Unwrap returns the terminal error.
func (e *CallError) Unwrap() error { return e.TerminalError }

// CodeOf returns the code of a terminal error: of a handler that was called, inside
// handlers and outside, of a step, or of any other that err is or wraps. It returns 0 for
// every other error, and for nil.
//
//	switch handler.CodeOf(err) {
//	case http.StatusNotFound: // the handler said so
//
// An error without a handler has no code, such as a broken connection, or the 404 of a
// server that does not know the handler, which is ingress.ErrNotFound.
func CodeOf(err error) restate.Code {
	if terminal := restate.AsTerminalError(err); terminal != nil {
		return terminal.Code()
	}
	return 0
}
