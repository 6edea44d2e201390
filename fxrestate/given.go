package fxrestate

import (
	"fmt"
	"reflect"

	"go.uber.org/fx"
)

// given is what the graph has of a type that an application may provide. fx takes an
// optional value whose constructor lacks a dependency for one that nobody provides: given
// tells the two apart.
type given[T any] struct {
	value    T
	provided bool // also by a constructor that cannot run
	built    bool
}

// err returns what is wrong with a constructor that cannot run.
func (g given[T]) err() error {
	if !g.provided || g.built {
		return nil
	}
	return fmt.Errorf("fxrestate: %s is provided, and its constructor cannot run, because it takes a type that nothing provides, or needs one that does; provide that type", reflect.TypeFor[T]())
}

// noted is constructed where a T is provided.
type noted[T any] struct{ provided bool }

// taken is a T that could be constructed.
type taken[T any] struct {
	value T
	built bool
}

type noting[T any] struct{}

type givenParams[T any] struct {
	fx.In

	Taken taken[T] `optional:"true"`
	Noted *noted[T]
}

// takeGiven provides a given[T]. None of it is private: dig would not see a cycle through
// what is, as of a Config whose constructor takes the *slog.Logger, and follow it until
// the stack overflows.
func takeGiven[T any]() fx.Option {
	return fx.Provide(
		func() *noted[T] { return new(noted[T]) },
		func(n *noted[T]) noting[T] {
			n.provided = true
			return noting[T]{}
		},
		// fx runs no constructor of a parameter unless all are provided. Then it runs them
		// from the first to the last.
		func(_ noting[T], value T) taken[T] { return taken[T]{value, true} },
		func(p givenParams[T]) given[T] { return given[T]{p.Taken.value, p.Noted.provided, p.Taken.built} },
	)
}
