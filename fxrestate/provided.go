package fxrestate

import (
	"fmt"
	"reflect"

	"go.uber.org/fx"
)

// Provided stands where a constructor is wanted, for the T that the application provides
// already: among the members of an [Attachment], and as the constructor of [Service],
// [Object], [Workflow] and [Definition].
//
//	fx.Provide(NewMetrics), // the application serves its metrics somewhere
//	fxrestate.Use(fxrestate.Observers(fxrestate.Provided[*Metrics]())),
//
// With the constructor NewMetrics in both places there are two instances, and the log
// warns of that at the start.
func Provided[T any]() any {
	return provided{reflect.TypeFor[T](), func(instance T) T { return instance }}
}

// provided is what [Provided] returns.
type provided struct {
	of       reflect.Type
	identity any // a constructor that takes the instance
}

// provide provides a checked constructor, unless it stands for an instance of the graph.
func provide(constructor any, options ...any) fx.Option {
	if _, ok := constructor.(provided); ok {
		return fx.Options()
	}
	return fx.Provide(append([]any{constructor}, options...)...)
}

// checkTwin returns the type of a member that its constructor makes anew, and of which
// the graph may have another instance, or nil.
func checkTwin(constructor reflect.Type) reflect.Type {
	made := constructor.Out(0)
	if made.Kind() != reflect.Pointer {
		return nil
	}
	for t := range dependencies(constructor) {
		if t == made {
			return nil
		}
	}
	return made
}

// twin says that a member exists twice.
func (m *member) twin(made reflect.Type) error {
	return fmt.Errorf("fxrestate: %s (%s): its constructor makes a %s, and the application provides another one, which sees nothing; to attach that one, write fxrestate.Provided[%[3]s]()", m.stage, m.position, made)
}
