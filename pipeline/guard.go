package pipeline

import (
	"context"
	"errors"
	"fmt"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/safeerr"
)

// Guard decides whether an invocation may run.
//
// true lets it in. false refuses it: the caller gets a terminal error with code
// 403, and the handler does not run. An error says that the guard could not
// decide, and goes the way of all errors: it is retried unless it is terminal, so
// a guard that has an answer of its own returns a terminal error such as
//
//	return false, restate.ToTerminalError(err, restate.WithErrorCode(402))
//
// A guard decides once. While an invocation replays its journal the guard is not
// asked again: what was let in stays in, even if the world changed since. An
// attempt that failed before anything of it was journaled left no trace, so the
// next one asks again.
//
// The context ends with the attempt. It cannot journal anything; a guard that
// has to call other handlers or read state is a [DurableGuard]. One guard serves
// all invocations and must be safe for concurrent use.
type Guard interface {
	Allow(ctx context.Context, inv *Invocation) (bool, error)
}

// GuardFunc is a [Guard] made of a function.
type GuardFunc func(ctx context.Context, inv *Invocation) (bool, error)

// Allow calls f.
func (f GuardFunc) Allow(ctx context.Context, inv *Invocation) (bool, error) { return f(ctx, inv) }

// DurableGuard is a guard that decides with durable operations. It runs in every
// attempt like the handler's own code, and what it does with its context is
// journaled and replayed, so the rules for handler code hold for it: whatever can
// change between two attempts belongs into restate.Run. It takes its place among
// the guards as Durable(g).
type DurableGuard interface {
	Allow(ctx restate.Context, inv *Invocation) (bool, error)
}

// DurableGuardFunc is a [DurableGuard] made of a function.
type DurableGuardFunc func(ctx restate.Context, inv *Invocation) (bool, error)

// Allow calls f.
func (f DurableGuardFunc) Allow(ctx restate.Context, inv *Invocation) (bool, error) {
	return f(ctx, inv)
}

// Durable declares a guard as durable. The result stands where a Guard does, but
// only in a [Chain]: outside of Restate it returns [ErrDurable].
func Durable(g DurableGuard) Guard { return durable{g} }

// ErrDurable is returned by a durable guard that is asked outside of Restate, for
// instance in front of an HTTP handler.
var ErrDurable = errors.New("pipeline: a durable guard needs an invocation of Restate")

type durable struct{ guard DurableGuard }

func (d durable) Allow(_ context.Context, inv *Invocation) (bool, error) {
	return false, fmt.Errorf("%w: %s in front of %s", ErrDurable, nameOf(d.guard), inv)
}

func (d durable) String() string { return "durable " + nameOf(d.guard) }

// Check looks at the guard that was declared as durable.
func (d durable) Check() error {
	if err := Check(d.guard); err != nil {
		return fmt.Errorf("is pipeline.Durable of a guard that %w", err)
	}
	return nil
}

// RefusedError is the error of an invocation that a guard did not let in. It
// wraps a terminal error with code 403.
type RefusedError struct {
	// Guard is the name of the guard, for logs. The caller does not get it.
	Guard string

	answer restate.TerminalError
}

// Error returns a text that names the guard.
func (e *RefusedError) Error() string { return "pipeline: refused by " + e.Guard }

// Unwrap returns the terminal error that the caller gets.
func (e *RefusedError) Unwrap() error { return e.answer }

func refused(g Guard) error {
	return &RefusedError{
		Guard:  nameOf(g),
		answer: restate.ToTerminalError(errors.New("Forbidden"), restate.WithErrorCode(codeForbidden)),
	}
}

// Ask asks guards in order, outside of a chain: for adapters to other transports
// and for tests. It returns nil when all allow, a [*RefusedError] when one
// refuses, and the error of one that returns an error. A panic of a guard is left to
// the caller.
func Ask(ctx context.Context, inv *Invocation, guards ...Guard) error {
	for _, g := range guards {
		ok, err := g.Allow(ctx, inv)
		if err != nil {
			return safeerr.Of(err)
		}
		if !ok {
			return refused(g)
		}
	}
	return nil
}
