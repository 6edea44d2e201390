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

// First has the result of whichever of ps completes first, its failure included:
// a race. [Future.Completed] tells which it was. Of none it is a terminal error.
func First[T any](ps ...Future[T]) Future[T] {
	return Future[T]{&future[T]{
		operations: allOf(ps),
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
			return none, restate.TerminalErrorf("durable: First of nothing; pass at least one")
		},
	}}
}

// Race waits for whichever of ps completes first, its failure included, and cancels
// the calls among the others, which would run on for nobody: see [Future.Cancel]. If
// the invocation is cancelled meanwhile, so are all calls. Of none it is a terminal
// error.
func Race[T any](ctx restate.Context, ps ...Future[T]) (T, error) {
	first := First(ps...)
	value, err := first.Await(ctx)
	return value, errors.Join(err, first.Cancel(ctx))
}

// Any has the first successful result of ps. If all fail, its error wraps all of
// their errors; a handler that returns it fails with that of the first of ps. Of
// none it is a terminal error.
func Any[T any](ps ...Future[T]) Future[T] {
	return Future[T]{&future[T]{
		operations: allOf(ps),
		open: func() []restate.Future {
			open, succeeded := undecided(ps, func(err error) bool { return err == nil })
			if succeeded {
				return nil
			}
			return open
		},
		result: func() (value T, err error) {
			if len(ps) == 0 {
				return value, restate.TerminalErrorf("durable: Any of nothing; pass at least one")
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

// Some has the results of the first n of ps that succeed, in the order of ps. If so
// many fail that it cannot have n, its error wraps all of theirs. More than there are
// is a terminal error.
func Some[T any](n int, ps ...Future[T]) Future[[]T] {
	return Future[[]T]{&future[[]T]{
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
		result: func() ([]T, error) {
			if n > len(ps) {
				return nil, restate.TerminalErrorf("durable: Some(%d) of %d; pass at least as many", n, len(ps))
			}
			values := make([]T, 0, n)
			var errs []error
			for _, p := range ps {
				if len(values) == n || !p.Completed() {
					continue
				}
				if value, err := p.settled(); err == nil {
					values = append(values, value)
				} else {
					errs = append(errs, err)
				}
			}
			if len(values) < n {
				return nil, errors.Join(errs...)
			}
			return values, nil
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
