package handler

import (
	"reflect"

	"github.com/fxrestate/go/internal/textvalue"
)

// takesText reports whether text can be converted to a value of type t.
func takesText(t reflect.Type) bool { return textvalue.Takes(t) }

// setText sets v from a text that is not empty.
func setText(v reflect.Value, text string) error { return textvalue.Set(v, text) }
