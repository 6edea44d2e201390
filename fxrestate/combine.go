package fxrestate

import (
	"errors"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/scope"
)

// All has the results of all ps, in their order, or the first failure. The others
// go on after a failure; [AllSettled] waits for them.
func All[T any](ps ...Pending[T]) Pending[[]T] {
	return Pending[[]T]{&pending[[]T]{
		open: func() []restate.Future {
			open, failed := undecided(ps, func(err error) bool { return err != nil })
			if failed {
				return nil
			}
			return open
		},
		result: func() ([]T, error) {
			values := make([]T, len(ps))
			for i, p := range ps {
				if !p.Completed() {
					continue // another one failed
				}
				value, err := p.settled()
				if err != nil {
					return nil, err
				}
				values[i] = value
			}
			return values, nil
		},
	}}
}

// First has the result of whichever of ps completes first, its failure included:
// a race. [Pending.Completed] tells which it was. Of none it is a terminal error.
func First[T any](ps ...Pending[T]) Pending[T] {
	return Pending[T]{&pending[T]{
		open: func() []restate.Future {
			open, done := undecided(ps, func(error) bool { return true })
			if done {
				return nil
			}
			return open
		},
		result: func() (T, error) {
			for _, p := range ps {
				if p.Completed() {
					return p.settled()
				}
			}
			var none T
			return none, restate.TerminalErrorf("fxrestate: First of nothing; pass at least one")
		},
	}}
}

// Race waits for whichever of calls ends first, its failure included, and cancels the
// others, which would run on for nobody. It does not wait for their end; they get
// until they next wait for something (see [Invocation.Cancel]). If the invocation is
// cancelled meanwhile, so are all calls. Of none it is a terminal error. For a race
// with other operations there is [First].
func Race[T any](ctx restate.Context, calls ...restate.ResponseFuture[T]) (value T, err error) {
	defer scope.Rescue(&err)
	ps := make([]Pending[T], len(calls))
	for i, call := range calls {
		ps[i] = ResponseOf(call)
	}
	value, err = First(ps...).Await(ctx)
	for i, p := range ps {
		if !p.Completed() {
			restate.CancelInvocation(ctx, calls[i].GetInvocationId())
		}
	}
	return value, err
}

// Any has the first successful result of ps. If all fail, its error wraps all of
// their errors; a handler that returns it fails with that of the first of ps. Of
// none it is a terminal error.
func Any[T any](ps ...Pending[T]) Pending[T] {
	return Pending[T]{&pending[T]{
		open: func() []restate.Future {
			open, succeeded := undecided(ps, func(err error) bool { return err == nil })
			if succeeded {
				return nil
			}
			return open
		},
		result: func() (value T, err error) {
			if len(ps) == 0 {
				return value, restate.TerminalErrorf("fxrestate: Any of nothing; pass at least one")
			}
			var errs []error
			for _, p := range ps {
				if !p.Completed() {
					continue // another one succeeded
				}
				if value, err = p.settled(); err == nil {
					return value, nil
				}
				errs = append(errs, err)
			}
			return value, errors.Join(errs...)
		},
	}}
}

// Settled is how an operation ended.
type Settled[T any] struct {
	Value T
	Err   error // nil: success
}

// AllSettled has the results of all ps, in their order, when all have ended, in
// whatever way. It does not fail, except by a timeout or a cancellation.
func AllSettled[T any](ps ...Pending[T]) Pending[[]Settled[T]] {
	return Pending[[]Settled[T]]{&pending[[]Settled[T]]{
		open: func() []restate.Future {
			open, _ := undecided(ps, func(error) bool { return false })
			return open
		},
		result: func() ([]Settled[T], error) {
			all := make([]Settled[T], len(ps))
			for i, p := range ps {
				all[i].Value, all[i].Err = p.settled()
			}
			return all, nil
		},
	}}
}

// undecided returns what ps wait for, and whether the outcome of one of them
// decides the whole.
func undecided[T any](ps []Pending[T], decides func(error) bool) (open []restate.Future, decided bool) {
	for _, p := range ps {
		waits := p.wait()
		if len(waits) == 0 {
			if _, err := p.settled(); decides(err) {
				return nil, true
			}
		}
		open = append(open, waits...)
	}
	return open, false
}
