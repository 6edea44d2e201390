package rpc

import (
	"errors"
	"net/http"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/sdk"
)

// CallError is what [Call], [Handle.Attach] and the future of [Start] return when the
// handler failed. Package ingress has the same: see [handler.CallError].
type CallError = handler.CallError

// interrupted makes the error of a call whose caller was cancelled while it waited. Its
// text is that of the SDK's Response, "Cancelled". The wait of its iterator has another,
// and handlers that return or store the error have the text in their journals.
func interrupted(of *handler.Target, cancelled restate.TerminalError, id func() string) error {
	if misuse := (*sdk.Misuse)(nil); !errors.As(cancelled, &misuse) {
		cancelled = restate.ToTerminalError(errors.New("Cancelled"), restate.WithErrorCode(http.StatusConflict)) // the text of the SDK
	}
	err := failed(of, cancelled, id)
	if call, ok := err.(*CallError); ok {
		call.CallerCancelled = true
	}
	return err
}

// failed makes the error of a call. id does not wait: the server told the id before the
// result.
func failed(of *handler.Target, failure restate.TerminalError, id func() string) error {
	if misuse := (*sdk.Misuse)(nil); errors.As(failure, &misuse) {
		return failure // of the ctx, not of the handler
	}
	target := of.String()
	if of.Handler == "" {
		target = ""
	}
	return &CallError{TerminalError: failure, Target: target, InvocationID: id()}
}

// ErrEmptyKey is the error of a call of a virtual object or workflow with an empty
// key, for errors.Is. Nothing is called. The error is terminal, with code 400. Package
// ingress has the same.
var ErrEmptyKey = handler.ErrEmptyKey

// badRequest makes an error of what came with the data: terminal, with code 400.
func badRequest(err error) error {
	return &refusal{restate.ToTerminalError(err, restate.WithErrorCode(http.StatusBadRequest)), err}
}

// refusal is a terminal error that wraps its cause, which the SDK's own does not.
type refusal struct {
	restate.TerminalError
	cause error
}

func (r *refusal) Unwrap() error { return r.cause }
