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
// Inside a handler a call fails as well when the caller is cancelled while it waits. Then
// CallerCancelled is set, and the called handler may still run: see
// durable.IsSelfCancelled.
type CallError struct {
	// TerminalError has the code, the message and the metadata.
	restate.TerminalError
	// Target is the handler that was called, such as "payments/Charge". It is empty
	// when only the id of the invocation was known.
	Target string
	// InvocationID of the invocation that failed. It is empty if it is not known.
	InvocationID string
	// CallerCancelled says that the invocation that made the call was cancelled while it
	// waited. The failure is then that cancellation, and not one of the called handler.
	// It is false outside handlers.
	CallerCancelled bool
}

// Unwrap returns the terminal error.
func (e *CallError) Unwrap() error { return e.TerminalError }
