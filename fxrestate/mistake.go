package fxrestate

import (
	"fmt"
	"reflect"
	"slices"

	"go.uber.org/fx"
)

// mistake is what is wrong with a call of one of this package's functions. It goes
// through the graph so that it is reported together with all others: fx.Error
// would hide those.
type mistake struct{ err error }

func reportMistake(format string, args ...any) fx.Option {
	return fx.Supply(fx.Annotate(mistake{fmt.Errorf("fxrestate: "+format, args...)}, fx.ResultTags(`group:"fxrestate.mistakes"`)))
}

// checkConstructor says what is wrong with the constructor of a T. Whether an
// annotated one provides a T only fx knows.
func checkConstructor(constructor any, want reflect.Type) error {
	if v := reflect.ValueOf(constructor); !v.IsValid() || v.Kind() == reflect.Func && v.IsNil() {
		return fmt.Errorf("the constructor is nil; pass the function that returns %s", want)
	}
	t := reflect.TypeOf(constructor)
	if t.Kind() == reflect.Struct {
		return nil // fx.Annotate, fx.Annotated
	}
	if t.Kind() != reflect.Func {
		return fmt.Errorf("the constructor is a %s; pass the function that returns %s", t, want)
	}
	for i := range t.NumOut() {
		if out := t.Out(i); out == want || isOut(out) {
			return nil
		}
	}
	return fmt.Errorf("the constructor %s does not return %s; pass the function that does", t, want)
}

// isOut reports whether fx takes a result apart into its fields.
func isOut(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && slices.ContainsFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool {
		return f.Anonymous && f.Type == reflect.TypeFor[fx.Out]()
	})
}
