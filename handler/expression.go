package handler

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
)

// expression is a parsed method expression such as (*Cart).AddItem.
type expression struct {
	receiver reflect.Type
	method   string
}

// parseExpression parses a method expression. The receiver is the first parameter
// of its type. The name comes from the symbol, which inlining does not change. A
// function that only looks like a method expression has other code than the method.
func parseExpression(method any) (expression, error) {
	v := reflect.ValueOf(method)
	if v.Kind() != reflect.Func || v.IsNil() {
		return expression{}, fmt.Errorf("%s is not a method expression; write (*T).Method", describe(v))
	}
	symbol := runtime.FuncForPC(v.Pointer()).Name()
	if t := v.Type(); t.NumIn() > 0 && t.In(0).Kind() != reflect.Interface {
		m, ok := t.In(0).MethodByName(symbol[strings.LastIndexByte(symbol, '.')+1:])
		if ok && m.Func.Pointer() == v.Pointer() {
			return expression{receiver: t.In(0), method: m.Name}, nil
		}
	}
	return expression{}, notExpression(v.Type(), symbol)
}

// describe describes a value that is not a method expression.
func describe(v reflect.Value) string {
	switch {
	case !v.IsValid():
		return "nil"
	case v.Kind() == reflect.Func:
		return fmt.Sprintf("a nil %s", v.Type())
	default:
		return fmt.Sprintf("a %s", v.Type())
	}
}

// notExpression explains why a function of type t is not the method expression of
// a handler.
func notExpression(t reflect.Type, symbol string) error {
	function := symbol[strings.LastIndexByte(symbol, '/')+1:] // shop.(*Cart).AddItem
	_, local, _ := strings.Cut(function, ".")                 // (*Cart).AddItem
	if bound, ok := strings.CutSuffix(local, "-fm"); ok {
		return fmt.Errorf("%s is bound to a value; write the method expression %s", strings.TrimSuffix(function, "-fm"), bound)
	}
	if t.NumIn() > 0 {
		method, ok := strings.CutPrefix(local, receiverName(t.In(0))+".")
		switch {
		case !ok || strings.Contains(method, "."):
		case t.In(0).Kind() == reflect.Interface:
			receiver := "T"
			if structName, ok := generatedFor(t.In(0)); ok {
				receiver = structName
			}
			return fmt.Errorf("%s is a method of an interface, and handlers belong to structs; write (*%s).%s", function, receiver, method)
		default:
			return fmt.Errorf("%s is not exported, and handlers are exported methods; export it", function)
		}
	}
	if strings.Contains(local, "[...].func") {
		return fmt.Errorf("%s is a function literal, or a method expression with a type parameter; write one of a concrete type", function)
	}
	return fmt.Errorf("%s is a function; write a method expression such as (*T).Method", function)
}

// receiverName is how symbols name a receiver: "Cart", "(*Cart)" or, for each
// instance of a generic type, "(*Repo[...])".
func receiverName(t reflect.Type) string {
	name, _, generic := strings.Cut(base(t).Name(), "[")
	if generic {
		name += "[...]"
	}
	if t.Kind() == reflect.Pointer {
		return "(*" + name + ")"
	}
	return name
}
