package handler

import (
	"errors"

	restate "github.com/restatedev/sdk-go"
)

// CallError is the failure of a call: a terminal error, mostly that with which the called
// handler ended, and which handler it was. Package rpc returns it inside handlers. Package
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
// If the caller itself is cancelled while it waits, the error is a CallError too, with
// code 409 and CallerCancelled, and the called handler may still run: see
// durable.IsSelfCancelled.
//
// [CodeOf] asks for the code alone.
type CallError struct {
	// TerminalError has the code, the message and the metadata. A CallError that a test
	// makes must have one: restate.TerminalErrorf makes it.
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

// ErrEmptyKey is the error of a call of a virtual object or workflow with an empty key,
// inside handlers and outside. Nothing is called.
var ErrEmptyKey = errors.New("the key is empty")

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
