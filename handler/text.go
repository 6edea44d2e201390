package handler

import (
	"reflect"

	"github.com/fxrestate/go/internal/textvalue"
)

// takesText reports whether text can fill a value of type t.
func takesText(t reflect.Type) bool { return textvalue.Takes(t) }

// setText fills v from text that is not empty.
func setText(v reflect.Value, text string) error { return textvalue.Set(v, text) }
