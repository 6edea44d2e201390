package handler

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"unicode"
)

// The patterns of the discovery manifest: what the server takes as names.
var (
	serviceNamePattern = regexp.MustCompile(`^([a-zA-Z]|_[a-zA-Z0-9])[a-zA-Z0-9._-]*$`)
	handlerNamePattern = regexp.MustCompile(`^([a-zA-Z]|_[a-zA-Z0-9])[a-zA-Z0-9_]*$`)
)

// checkServiceName refuses what the server refuses: besides the pattern, the name
// "openapi" and names that begin with "restate", in any case (META0005).
func checkServiceName(name string) error {
	lower := strings.ToLower(name)
	switch {
	case !serviceNamePattern.MatchString(name):
		return fmt.Errorf("%q cannot name a service: names are ASCII letters, digits, '.', '_' and '-', a letter first", name)
	case strings.HasPrefix(lower, "restate"):
		return fmt.Errorf("%q cannot name a service: the server keeps names that begin with \"restate\" for itself", name)
	case lower == "openapi":
		return fmt.Errorf("%q cannot name a service: the server keeps that name for itself", name)
	default:
		return nil
	}
}

func checkHandlerName(name string) error {
	if !handlerNamePattern.MatchString(name) {
		return fmt.Errorf("%q cannot name a handler: names are ASCII letters, digits and '_', a letter first", name)
	}
	return nil
}

// LowerCamel is a naming strategy for [Spec.Naming]: it lowers the first letter
// of a method's name ("AddItem" becomes "addItem"), or the whole of a leading
// initialism ("URLOf" becomes "urlOf", "ID" becomes "id"), which is how
// services in other languages name their handlers.
func LowerCamel(method string) string {
	runes := []rune(method)
	upper := 0
	for upper < len(runes) && unicode.IsUpper(runes[upper]) {
		upper++
	}
	// The last capital of "URLOf" starts the next word.
	if upper > 1 && upper < len(runes) && unicode.IsLower(runes[upper]) {
		upper--
	}
	for i := range upper {
		runes[i] = unicode.ToLower(runes[i])
	}
	return string(runes)
}

type serviceNamer interface{ ServiceName() string }

var namerType = reflect.TypeFor[serviceNamer]()

// declaredName is the service name that a type gives itself: its method
// ServiceName() string, asked on a zero value, else the type's name.
func declaredName(t reflect.Type) (name string, err error) {
	if t.Implements(namerType) {
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("ServiceName() panics on a zero value: %v", r)
			}
		}()
		return zeroOf(t).Interface().(serviceNamer).ServiceName(), nil
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name(), nil
}

// zeroOf makes a value of t whose methods can be called: a pointer to a zero
// struct rather than a nil pointer.
func zeroOf(t reflect.Type) reflect.Value {
	if t.Kind() == reflect.Pointer {
		return reflect.New(t.Elem())
	}
	return reflect.Zero(t)
}
