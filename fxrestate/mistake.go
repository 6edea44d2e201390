package fxrestate

import (
	"fmt"
	"reflect"

	"go.uber.org/fx"
)

// mistake is what is wrong with a call of one of this package's functions. It goes
// through the graph so that it is reported together with all others: fx.Error
// would hide those.
type mistake struct{ err error }

func reportMistake(format string, args ...any) fx.Option {
	return fx.Supply(fx.Annotate(mistake{fmt.Errorf("fxrestate: "+format, args...)}, fx.ResultTags(mistakeGroup)))
}

// checkConstructor says what is wrong with the constructor of a T. Whether an
// annotated one provides a T only fx knows.
func checkConstructor(constructor any, want reflect.Type) error {
	if constructor == nil {
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
		if out := t.Out(i); out == want || out.Kind() == reflect.Struct {
			return nil
		}
	}
	return fmt.Errorf("the constructor %s does not return %s; pass the function that does", t, want)
}
