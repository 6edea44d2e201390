package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/safeerr"
)

// Outcome is how an attempt ended. Every attempt has exactly one.
type Outcome uint8

// The outcomes.
const (
	// Completed: the handler returned a result, and it goes to Restate.
	Completed Outcome = iota + 1
	// Terminal: the invocation ended with an error that is not retried.
	Terminal
	// Retryable: the attempt failed and Restate tries again, or pauses the invocation: see
	// [Pause].
	Retryable
	// Suspended: the invocation waits, and goes on in another attempt.
	Suspended
	// Aborted: the attempt's context or goroutine ended before it did. However it
	// went, Restate gets nothing of it but, if it still listens, an error that is
	// retried.
	Aborted
)

// String returns the outcome's name in lower case.
func (o Outcome) String() string {
	switch o {
	case Completed:
		return "completed"
	case Terminal:
		return "terminal"
	case Retryable:
		return "retryable"
	case Suspended:
		return "suspended"
	case Aborted:
		return "aborted"
	default:
		return fmt.Sprintf("outcome(%d)", uint8(o))
	}
}

// ErrAborted is wrapped by the error of an aborted attempt, whatever else that
// wraps: interceptors get it from next, and observers with the [Ending]. Such an
// error is never terminal, and nothing that an interceptor returns instead of it
// becomes the result of the invocation.
var ErrAborted = errors.New("pipeline: attempt aborted")

// The codes of the terminal errors that the pipeline makes itself.
const (
	codeBadRequest restate.Code = 400
	codeForbidden  restate.Code = 403
)

// Ending is what an [Observer] is told at the end of an attempt.
type Ending struct {
	// Outcome of the attempt.
	Outcome Outcome
	// Err is the error that the attempt ended with: what goes to Restate, or
	// what the SDK panicked with. It is nil when Outcome is Completed or
	// Suspended.
	Err error
	// Cause is the error before filters and error mapping saw it, or Err where
	// they did not run.
	Cause error
	// Duration of the attempt so far, guards and encoding included.
	Duration time.Duration
	// OutputSize is the size of the encoded result in bytes, and 0 unless Outcome is
	// Completed.
	OutputSize int
	// ReplayedSteps counts the steps of the attempt whose results it took from the journal,
	// so that their closures were not executed.
	ReplayedSteps int
}

// orAborted returns err, or an error that wraps [ErrAborted] if the attempt's
// context has ended. That can have happened for a reason of this process, with a
// server that still listens: it must not take for the result what came of it, be
// that a terminal error or something that the handler returned to be out in time.
func (inv *Invocation) orAborted(err error) error {
	switch {
	case inv.root.Err() == nil:
		return err
	case err == nil:
		return fmt.Errorf("%w: %w", ErrAborted, context.Cause(inv.root))
	case safeerr.Terminal(err) != nil:
		return fmt.Errorf("%w: %w: %v", ErrAborted, context.Cause(inv.root), err)
	case safeerr.Is(err, ErrAborted):
		return err
	default:
		return fmt.Errorf("%w: %w", ErrAborted, err)
	}
}
