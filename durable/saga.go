package durable

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/safeerr"
	"github.com/fxrestate/go/internal/scope"
	"github.com/fxrestate/go/internal/sdk"
)

// Saga runs a sequence of steps, and undoes them if a later one fails with a terminal
// error. The steps register their compensations:
//
//	func (t *Trips) Book(ctx restate.Context, in Trip) (Booking, error) {
//		return durable.Saga(ctx, func(undo *durable.Compensations) (Booking, error) {
//			undo.Step("cancel-flight", func(ctx restate.RunContext) error {
//				return t.flights.Cancel(ctx, in.ID)
//			})
//			seat, err := bookFlight.Run(ctx, func(ctx context.Context) (Seat, error) {
//				return t.flights.Book(ctx, in.ID, in.Flight)
//			})
//			if err != nil {
//				return Booking{}, err
//			}
//			…
//		})
//	}
//
// When steps returns a terminal error, the compensations run in reverse order of
// registration, and Saga returns that error. The error of a cancelled invocation is
// terminal, so a cancellation undoes the steps too. A kill does not, because no code runs
// after it. Saga returns any other error as it is and undoes nothing: the invocation is
// retried and the steps continue. Panics pass through in the same way, among them those
// by which the SDK suspends an attempt.
//
// The error must be terminal when steps returns it. A filter, or a mapping of errors to
// terminal ones, runs later and does not start the compensations, except for errors
// inside restate.Run.
//
// Compensations are journaled like every other durable operation: if the application
// dies while they run, the remaining ones run elsewhere or later. They may run more than
// once, so they must be idempotent. They may undo something that did not happen: see
// [Compensations] for when to register them. If a compensation fails with a terminal
// error, the others run all the same, and Saga returns a [*CompensationError]. If it
// fails with another error, it is retried with the invocation, and the others wait. A
// compensation that a further cancellation interrupts runs again, perhaps before its
// first run has ended.
//
// See https://docs.restate.dev/guides/sagas.
func Saga[T any](ctx restate.Context, steps func(undo *Compensations) (T, error)) (T, error) {
	undo := &Compensations{ctx: ctx}
	// Nothing here is deferred: a suspension is a panic that goes through.
	value, err := steps(undo)
	err = safeerr.Of(err)
	if failure := restate.AsTerminalError(err); failure != nil && !errors.Is(err, sdk.ErrReturned) {
		return value, undo.run(failure, err)
	}
	return value, err
}

// SagaVoid is [Saga] without a result.
func SagaVoid(ctx restate.Context, steps func(undo *Compensations) error) error {
	_, err := Saga(ctx, func(undo *Compensations) (restate.Void, error) { return restate.Void{}, steps(undo) })
	return err
}

// Compensations undo what a [Saga] has done so far. Register them in the code of the
// handler. Inside the closure of a restate.Run or of a [Step] that is a panic: the closure
// does not run on replay, so the compensation would be lost.
//
// When to register one depends on the step that it undoes
// (https://docs.restate.dev/guides/sagas#advanced-idempotency-and-compensations):
//
//   - Before the step, if you choose the id of what it does, such as an idempotency key:
//     the step may have happened although its response was lost. The compensation must
//     work if there is nothing to undo.
//   - After the step, if only its response tells what to undo, such as the id of a
//     reservation. Then the reservation should expire by itself.
//
// A compensation that needs the reason asks [Compensations.Cause].
type Compensations struct {
	ctx   restate.Context
	list  []compensation
	cause error // the compensations run because of it
}

type compensation struct {
	name string
	undo func(restate.Context) error
}

// Step registers a compensation that restate.Run runs as a step of the given name. Use it
// for side effects outside of Restate. If undo returns a plain error the step is retried,
// without a limit unless opts have one. A terminal error of undo, and the end of the
// retries, are failures of the compensation.
func (c *Compensations) Step(name string, undo func(ctx restate.RunContext) error, opts ...restate.RunOption) {
	c.register(name, func(ctx restate.Context) (err error) {
		defer sdk.Rescue(&err)
		if failure := restate.RunVoid(ctx, undo, append(slices.Clip(opts), restate.WithName(name))...); failure != nil {
			return failure
		}
		return nil
	})
}

// Call registers a compensation that uses durable operations, such as calls of other
// handlers or a [Step]. They are journaled; the name is for errors. If undo returns a
// plain error the invocation is retried.
func (c *Compensations) Call(name string, undo func(ctx restate.Context) error) {
	c.register(name, undo)
}

// Cause returns the error that the steps returned, while the compensations run because of
// it, and nil before that:
//
//	undo.Step("release", func(ctx restate.RunContext) error {
//		if durable.IsCancelled(undo.Cause()) {
//			return t.seats.Release(ctx, id, "the customer cancelled")
//		}
//		return t.seats.Release(ctx, id, undo.Cause().Error())
//	})
//
// It is a terminal error, or wraps one. A later attempt makes it anew from the journal, so
// ask for its code and message, or with [IsCancelled] and [IsTimeout], and not with
// errors.Is. Compensations that failed meanwhile do not change it.
func (c *Compensations) Cause() error { return c.cause }

func (c *Compensations) register(name string, undo func(restate.Context) error) {
	if _, err := scope.Find(c.ctx); errors.Is(err, sdk.ErrInsideRun) {
		// Without a panic the closure would be journaled as a success, and the
		// compensation would be gone in the next attempt.
		panic(fmt.Errorf("durable: compensation %s is registered inside restate.Run, and would be lost on replay; register it before or after", name))
	}
	c.list = append(c.list, compensation{name, undo})
}

// run compensates for a failure, which is somewhere in err, and returns the error
// of the saga.
func (c *Compensations) run(failure restate.TerminalError, err error) error {
	var failed []error
	c.cause = err
	for _, comp := range slices.Backward(c.list) {
		switch undoErr := comp.run(c.ctx); {
		case undoErr == nil:
		case restate.IsTerminalError(undoErr):
			failed = append(failed, fmt.Errorf("compensation %s: %w", comp.name, undoErr))
		default:
			// Without the failure, which is terminal and would end the invocation.
			return fmt.Errorf("durable: compensation %s for %q: %w", comp.name, failure.Message(), undoErr)
		}
	}
	if len(failed) == 0 {
		return err
	}
	return &CompensationError{TerminalError: failure, Cause: err, Failed: failed}
}

// maxInterruptions is how many cancellations in a row a compensation survives. There is a
// limit because a failure of its own, such as a Reject with such an error, may look like a
// cancellation.
const maxInterruptions = 10

func (c compensation) run(ctx restate.Context) (err error) {
	for range maxInterruptions {
		if err = safeerr.Of(c.undo(ctx)); !IsSelfCancelled(err) {
			return err
		}
	}
	return err
}

// CompensationError is what [Saga] returns when compensations failed for good:
// somebody has to look after what they left. It is a terminal error with the code
// and the metadata of the failure that was compensated for, and its message tells
// all failures. It wraps all of them.
type CompensationError struct {
	// TerminalError is the failure that was compensated for.
	restate.TerminalError
	// Cause is the error that the steps returned.
	Cause error
	// Failed are the failures of compensations, in the order in which they ran.
	Failed []error
}

// Error returns the message of the failure and of those of the compensations.
func (e *CompensationError) Error() string {
	var b strings.Builder
	b.WriteString(e.Cause.Error())
	for _, err := range e.Failed {
		b.WriteString("; ")
		b.WriteString(err.Error())
	}
	return b.String()
}

// Message is what callers get: the same as Error.
func (e *CompensationError) Message() string { return e.Error() }

// Unwrap returns the cause and the failures of compensations.
func (e *CompensationError) Unwrap() []error { return append([]error{e.Cause}, e.Failed...) }
