// Package textvalue converts text from outside, such as a header or a part of a URL, to
// Go values and back, with one syntax and one set of errors.
package textvalue

import (
	"encoding"
	"errors"
	"math"
	"reflect"
	"strconv"
)

// Takes reports whether text can be converted to type t: a string, a number, a bool or an
// encoding.TextUnmarshaler.
func Takes(t reflect.Type) bool {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return true
	}
	switch t.Kind() {
	case reflect.String, reflect.Bool,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
		return true
	default:
		return false
	}
}

// The errors of Set. The sender of the text sees them, so they repeat neither the text
// nor the error of a user's type.
var (
	errText     = errors.New("is not valid")
	errBool     = errors.New("is not true or false")
	errInteger  = errors.New("is not a whole number, or is too large")
	errUnsigned = errors.New("is not a whole number from 0 on, or is too large")
	errNumber   = errors.New("is not a number, or is too large")
)

// Set converts text and stores it in v. The value must be addressable and of a type that
// [Takes] text. Whole numbers are decimal, and all numbers are finite, as in JSON.
func Set(v reflect.Value, text string) error {
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return because(u.UnmarshalText([]byte(text)), errText)
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
		return nil
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		v.SetBool(b)
		return because(err, errBool)
	case reflect.Float32, reflect.Float64:
		x, err := strconv.ParseFloat(text, v.Type().Bits())
		if err == nil && (math.IsNaN(x) || math.IsInf(x, 0)) {
			err = strconv.ErrRange
		}
		v.SetFloat(x)
		return because(err, errNumber)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := strconv.ParseUint(text, 10, v.Type().Bits())
		v.SetUint(n)
		return because(err, errUnsigned)
	default:
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		v.SetInt(n)
		return because(err, errInteger)
	}
}

func because(err, explanation error) error {
	if err == nil {
		return nil
	}
	return explanation
}

// Gives reports whether [Text] can convert a value of type t: what [Takes] text, if it
// has no method UnmarshalText or MarshalText too.
func Gives(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[encoding.TextMarshaler]()) ||
		Takes(t) && !p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// Text returns the text that [Set] makes v of. The value must be addressable and of a type
// that [Gives] text. The error is that of the method MarshalText, or that of a number that
// is not finite.
func Text(v reflect.Value) (string, error) {
	if m, ok := v.Addr().Interface().(encoding.TextMarshaler); ok {
		text, err := m.MarshalText()
		return string(text), err
	}
	switch v.Kind() {
	case reflect.String:
		return v.String(), nil
	case reflect.Bool:
		return strconv.FormatBool(v.Bool()), nil
	case reflect.Float32, reflect.Float64:
		if x := v.Float(); math.IsNaN(x) || math.IsInf(x, 0) {
			return "", errNumber
		}
		return strconv.FormatFloat(v.Float(), 'g', -1, v.Type().Bits()), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.FormatUint(v.Uint(), 10), nil
	default:
		return strconv.FormatInt(v.Int(), 10), nil
	}
}
