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
// With the constructor NewMetrics in both places there may be two instances, and the log
// warns of that at the start. The application's constructor is not run for the warning.
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

// counted is whether the graph has a type. noticed is constructed where it does, and
// unmade never is.
type (
	counted struct{ provided bool }
	noticed struct{}
	unmade  struct{}
	nowhere struct{} // which nobody provides
	twin    struct{}
)

// warnOfTwin notes that a member exists twice. It must not construct the other one, whose
// constructor may fail, or need what starts later. fx runs no constructor of a parameter
// unless all are provided. Then it runs them from the first to the last: noticed notes
// that, and unmade, whose constructor cannot run, keeps fx from the type itself. Nothing
// depends on the twin, so that there is no cycle.
func warnOfTwin(m *member, tag string, constructor any) fx.Option {
	made := checkTwin(reflect.TypeOf(constructor))
	if made == nil {
		return fx.Options()
	}
	in, out := []reflect.Type{reflect.TypeFor[noticed](), reflect.TypeFor[unmade](), made}, []reflect.Type{reflect.TypeFor[twin]()}
	second := reflect.MakeFunc(reflect.FuncOf(in, out, false), func([]reflect.Value) []reflect.Value {
		return []reflect.Value{reflect.ValueOf(twin{})}
	}).Interface()
	note := func(_ twin, c *counted, n *notes) {
		if c.provided && n != nil {
			n.add(fmt.Errorf("fxrestate: %s (%s): its constructor makes a %s, and the application provides another one, which sees nothing; to attach that one, write fxrestate.Provided[%[3]s]()", m.stage, m.position, made))
		}
	}
	const optional = `optional:"true"`
	return fx.Options(
		fx.Provide(
			fx.Private,
			fx.Annotate(func() *counted { return new(counted) }, fx.ResultTags(tag)),
			fx.Annotate(func(c *counted) noticed {
				c.provided = true
				return noticed{}
			}, fx.ParamTags(tag), fx.ResultTags(tag)),
			fx.Annotate(second, fx.ParamTags(tag), fx.ResultTags(tag)),
		),
		fx.Invoke(fx.Annotate(note, fx.ParamTags(tag+" "+optional, tag, optional))),
	)
}
