package runtime

import (
	"fmt"
	"net/http"
	"time"

	"github.com/fxrestate/go/internal/protocol"
)

// Kind is how an attempt ended.
type Kind uint8

// The kinds of endings.
const (
	_         Kind = iota
	Completed      // the invocation is over: Output
	Suspended      // it waits for something: Suspension
	Failed         // it failed, to be retried perhaps: Error
	Refused        // no attempt was made: Status, Text, RetryAfter
	Broken         // the stream ended early: Text
	Violated       // the handler wrote what the protocol does not allow: Text
	Cut            // [Attempt.Cut]
)

// Ending says how an attempt ended.
type Ending struct {
	Kind       Kind
	Output     *protocol.Output
	Suspension *protocol.Suspension
	Error      *protocol.Error
	// Status is that of an answer other than 200.
	Status int
	// RetryAfter is when a handler that is too busy wants to be asked again, or zero.
	RetryAfter time.Duration
	// Text says more, for people.
	Text string
}

// String says it for people.
func (e Ending) String() string {
	switch e.Kind {
	case Completed:
		if f := e.Output.Result.Failure; e.Output.Result.Kind == protocol.ResultFailure {
			return fmt.Sprintf("ended with the failure %d: %s", f.Code, f.Message)
		}
		return "ended"
	case Suspended:
		return fmt.Sprintf("suspended: waits for completions %v, signals %v %q",
			e.Suspension.WaitingCompletions, e.Suspension.WaitingSignals, e.Suspension.WaitingNamedSignals)
	case Failed:
		return fmt.Sprintf("failed with %d: %s", e.Error.Code, e.Error.Message)
	case Refused:
		return fmt.Sprintf("refused with %d %s: %s", e.Status, http.StatusText(e.Status), e.Text)
	case Broken, Violated:
		return e.Text
	case Cut:
		return "cut"
	default:
		return "did not end"
	}
}
