package handler

import (
	"reflect"
	"strings"
)

// generatedSuffixes are the endings of the interfaces that fxrestate gen writes for a
// struct. Longer ones are first.
var generatedSuffixes = []string{"IngressLookups", "IngressCalls", "IngressSends", "Ingress", "Client", "Calls", "Sends", "Starts"}

// generatedFor returns the name of the struct that an interface was generated for, as
// "Cart" for CartClient. Others than generated interfaces have neither variadic methods
// nor Key or ID.
func generatedFor(t reflect.Type) (structName string, ok bool) {
	if t.Kind() != reflect.Interface {
		return "", false
	}
	for i := range t.NumMethod() {
		if m := t.Method(i); m.Type.IsVariadic() || m.Name == "Key" || m.Name == "ID" {
			ok = true
		}
	}
	if !ok {
		return "", false
	}
	for _, suffix := range generatedSuffixes {
		if structName, ok = strings.CutSuffix(t.Name(), suffix); ok {
			return structName, structName != ""
		}
	}
	return "", false
}

// insteadOf says what to register instead of an interface.
func insteadOf(t reflect.Type) string {
	structName, ok := generatedFor(t)
	if !ok {
		return "register the struct's type"
	}
	return "it looks generated: register the struct that it was generated for, *" + strings.TrimSuffix(t.String(), t.Name()) + structName
}
