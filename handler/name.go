package handler

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"unicode"
)

// The patterns of the discovery manifest: the names that the server accepts.
var (
	serviceNamePattern = regexp.MustCompile(`^([a-zA-Z]|_[a-zA-Z0-9])[a-zA-Z0-9._-]*$`)
	handlerNamePattern = regexp.MustCompile(`^([a-zA-Z]|_[a-zA-Z0-9])[a-zA-Z0-9_]*$`)
)

// checkServiceName rejects names that the server rejects (META0005): names that do
// not match the pattern, "openapi", and names that begin with "restate", in upper or
// lower case.
func checkServiceName(name string) error {
	lower := strings.ToLower(name)
	switch {
	case !serviceNamePattern.MatchString(name):
		return fmt.Errorf("%q cannot name a service: names consist of ASCII letters, digits, '.', '_' and '-', and start with a letter", name)
	case strings.HasPrefix(lower, "restate"):
		return fmt.Errorf("%q cannot name a service: the server reserves names that begin with \"restate\"", name)
	case lower == "openapi":
		return fmt.Errorf("%q cannot name a service: the server reserves this name", name)
	default:
		return nil
	}
}

func checkHandlerName(name string) error {
	if !handlerNamePattern.MatchString(name) {
		return fmt.Errorf("%q cannot name a handler: names consist of ASCII letters, digits and '_', and start with a letter", name)
	}
	return nil
}

// LowerCamel is a naming strategy for [Spec.Naming]. It converts the first letter of
// a method's name to lower case ("AddItem" becomes "addItem"), or a whole leading
// initialism ("URLOf" becomes "urlOf", "ID" becomes "id"). Services in other languages
// name their handlers so.
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

// declaredName returns the service name of a type: the result of its method
// ServiceName() string, called on a zero value, else the type's name.
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

// zeroOf makes a value of t for method calls: a pointer to a zero struct rather than
// a nil pointer.
func zeroOf(t reflect.Type) reflect.Value {
	if t.Kind() == reflect.Pointer {
		return reflect.New(t.Elem())
	}
	return reflect.Zero(t)
}
