package durable

import (
	"errors"

	restate "github.com/restatedev/sdk-go"
)

// All has the results of all ps, in their order, or the first failure. The others
// go on after a failure; [AllSettled] waits for them.
func All[T any](ps ...Future[T]) Future[[]T] {
	return Future[[]T]{&future[[]T]{
		operations: allOf(ps),
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

// Indexed is a result and which of several futures it is of.
type Indexed[T any] struct {
	Index int // in the order of the arguments, from 0
	Value T
}

// First has the result of whichever of ps completes first, its failure included: a
// race. Index tells which it was; after a failure [Future.Completed] does. The others go
// on; [CancelRest] cancels the calls among them. Of none it is a terminal error.
func First[T any](ps ...Future[T]) Future[Indexed[T]] {
	return Future[Indexed[T]]{&future[Indexed[T]]{
		operations: allOf(ps),
		open: func() []restate.Future {
			open, done := undecided(ps, func(error) bool { return true })
			if done {
				return nil
			}
			return open
		},
		result: func() (first Indexed[T], err error) {
			for i, p := range ps {
				if p.Completed() {
					first.Index = i
					first.Value, err = p.settled()
					return first, err
				}
			}
			return first, restate.TerminalErrorf("durable: First of nothing; pass at least one")
		},
	}}
}

// Any has the first successful result of ps, and Index tells of which. The others go on;
// [CancelRest] cancels the calls among them. If all fail, its error wraps all of their
// errors; a handler that returns it fails with that of the first of ps. Of none it is a
// terminal error.
func Any[T any](ps ...Future[T]) Future[Indexed[T]] {
	return Future[Indexed[T]]{&future[Indexed[T]]{
		operations: allOf(ps),
		open: func() []restate.Future {
			open, succeeded := undecided(ps, func(err error) bool { return err == nil })
			if succeeded {
				return nil
			}
			return open
		},
		result: func() (Indexed[T], error) {
			if len(ps) == 0 {
				return Indexed[T]{}, restate.TerminalErrorf("durable: Any of nothing; pass at least one")
			}
			succeeded, errs := outcomes(ps, 1)
			if len(succeeded) == 0 {
				return Indexed[T]{}, errors.Join(errs...)
			}
			return succeeded[0], nil
		},
	}}
}

// Some has the results of the first n of ps that succeed, in the order of ps, and which
// they are. The others go on; [CancelRest] cancels the calls among them. If so many fail
// that it cannot have n, its error wraps all of theirs. More than there are, and fewer
// than none, is a terminal error.
func Some[T any](n int, ps ...Future[T]) Future[[]Indexed[T]] {
	return Future[[]Indexed[T]]{&future[[]Indexed[T]]{
		operations: allOf(ps),
		open: func() []restate.Future {
			var open []restate.Future
			succeeded, failed := 0, 0
			for _, p := range ps {
				waits := p.wait()
				if len(waits) == 0 {
					if _, err := p.settled(); err == nil {
						succeeded++
					} else {
						failed++
					}
				}
				open = append(open, waits...)
			}
			if succeeded >= n || failed > len(ps)-n {
				return nil
			}
			return open
		},
		result: func() ([]Indexed[T], error) {
			if n < 0 || n > len(ps) {
				return nil, restate.TerminalErrorf("durable: Some(%d) of %d; ask for no more than there are", n, len(ps))
			}
			succeeded, errs := outcomes(ps, n)
			if len(succeeded) < n {
				return nil, errors.Join(errs...)
			}
			return succeeded, nil
		},
	}}
}

// outcomes returns the first n results of those of ps that have completed, in the order
// of ps, and the failures before the last of them.
func outcomes[T any](ps []Future[T], n int) (succeeded []Indexed[T], failures []error) {
	succeeded = make([]Indexed[T], 0, n)
	for i, p := range ps {
		if len(succeeded) == n {
			break
		}
		if !p.Completed() {
			continue
		}
		if value, err := p.settled(); err == nil {
			succeeded = append(succeeded, Indexed[T]{i, value})
		} else {
			failures = append(failures, err)
		}
	}
	return succeeded, failures
}

// CancelRest asks the calls among ps whose results were not waited for to stop, which
// would go on for nobody: what lost in [First], [Any] or [Some], and all that is left
// after a timeout or after a cancellation of this invocation.
//
//	two, err := durable.Some(2, quotes...).OrTimeout(ctx, 5*time.Second).Await(ctx)
//	err = errors.Join(err, durable.CancelRest(ctx, quotes...))
//
// See [Future.Cancel] for what that does. Futures of different types are passed by
// [Future.Void].
func CancelRest[T any](ctx restate.Context, ps ...Future[T]) error {
	var errs []error
	for _, p := range ps {
		errs = append(errs, p.Cancel(ctx))
	}
	return errors.Join(errs...)
}

// Settled is how an operation ended.
type Settled[T any] struct {
	Value T
	Err   error // nil: success
}

// AllSettled has the results of all ps, in their order, when all have ended, in
// whatever way. It does not fail, except by a timeout or a cancellation.
func AllSettled[T any](ps ...Future[T]) Future[[]Settled[T]] {
	return Future[[]Settled[T]]{&future[[]Settled[T]]{
		operations: allOf(ps),
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
func undecided[T any](ps []Future[T], decides func(error) bool) (open []restate.Future, decided bool) {
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
