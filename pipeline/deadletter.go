package pipeline

import (
	"fmt"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/safeerr"
)

// DeadLetter tells a handler of this application each terminal failure of those
// it is attached to, as a [Letter].
//
// Failures of decoding, pipes and the handler are told, cancellation included:
// it is a terminal error with code 409. An invocation that a guard refused was
// never let in, and leaves nothing in the journal, so no letter either. The
// letter is sent before the failure is reported, and once, however many attempts
// that takes.
type DeadLetter struct {
	// Service and Handler are the names of the handler that gets the letters. It
	// gets none for failures of its own.
	Service, Handler string
	// Send sends the letter there. Required. It runs as part of the failing
	// handler and must journal the same each time: one send. An error takes the
	// place of the failure, so the attempt is retried unless it is terminal.
	Send func(ctx restate.Context, letter Letter) error
}

// Letter is the input and the failure of an invocation. Its JSON is in the journal of that
// invocation, so it stays the same from version to version.
type Letter struct {
	// Service, Handler and Key say who failed.
	Service string `json:"service"`
	Handler string `json:"handler"`
	Key     string `json:"key,omitempty"`
	// InvocationID is the id of the invocation that failed.
	InvocationID string `json:"invocationId"`
	// Headers are those that the caller sent.
	Headers map[string]string `json:"headers,omitempty"`
	// Input is the input as it arrived, which may not be valid. In JSON it is
	// base64.
	Input []byte `json:"input,omitempty"`
	// Code, Message and Metadata are those of the terminal error.
	Code     uint16            `json:"code"`
	Message  string            `json:"message"`
	Metadata map[string]string `json:"metadata,omitempty"`
}

// bury sends a letter about a terminal error.
func (c *Chain) bury(inv *Invocation, failure restate.TerminalError) error {
	if c.deadLetter == nil || !inv.admitted {
		return nil
	}
	letter := Letter{
		Service: inv.Service(), Handler: inv.Handler(), Key: inv.Key(),
		InvocationID: inv.ID(), Headers: inv.Headers(), Input: inv.Body(),
		Code: uint16(failure.Code()), Message: failure.Message(), Metadata: failure.Metadata().ToMap(),
	}
	if err := c.deadLetter.Send(inv.ctx, letter); err != nil {
		return fmt.Errorf("pipeline: dead letter of %s: %w", inv, safeerr.Of(err))
	}
	return nil
}
