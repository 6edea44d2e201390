package durable

import (
	"errors"

	restate "github.com/restatedev/sdk-go"
)

// All returns the results of all ps in their order, or the first failure. The others
// continue after a failure; [AllSettled] waits for them.
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

// Indexed is the result of one of several futures.
type Indexed[T any] struct {
	Index int // of the future among the arguments, from 0
	Value T
}

// First returns the result of the future that completes first, or its failure: a race.
// Index tells which one it was, also after a failure. After a timeout or a cancellation it
// means nothing. The others continue; [CancelRest] cancels the calls among them. Without arguments it is a
// terminal error.
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

// Any returns the first successful result. Index tells which future it is of. The others
// continue; [CancelRest] cancels the calls among them. If all fail, the error wraps all
// of their errors, and a handler that returns it fails with the error of the first of
// ps. Without arguments it is a terminal error.
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

// Some returns the results of the first n futures that succeed, in the order of ps. Index
// tells which futures they are of. The others continue; [CancelRest] cancels the calls
// among them. When so many have failed that n cannot succeed, the error wraps all of
// their errors. An n that is negative or larger than the number of futures is a terminal
// error.
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

// CancelRest cancels the calls among ps that have not completed. Use it for the calls
// that lost in [First], [Any] or [Some], and for what is left after a timeout or after
// the cancellation of this invocation. They would continue otherwise, and nobody would
// wait for their results.
//
//	two, err := durable.Some(2, quotes...).OrTimeout(ctx, 5*time.Second).Await(ctx)
//	err = errors.Join(err, durable.CancelRest(ctx, quotes...))
//
// See [Future.Cancel] for what happens to them. To pass futures of different types, use
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

// AllSettled returns the outcomes of all ps in their order when all have completed. It
// does not fail, except by a timeout or a cancellation.
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

// undecided returns what ps wait for, and whether the outcome of one of them decides
// the combination.
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
