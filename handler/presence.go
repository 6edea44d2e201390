package handler

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/fxrestate/go/internal/jsontype"
)

// presence says how a property of a parameter object's body is decoded, so that one
// that is missing is told from one that is null, and both from a value. That takes
// no second look at the body, and works with each codec that decodes structs.
type presence int

const (
	// optional properties are decoded as they are.
	optional presence = iota
	// required ones are decoded into a pointer to a pointer. The first points to
	// the second before: null makes the first nil, a value sets the second.
	required
	// requiredOrNull is the same for a type that has a value for null.
	requiredOrNull
	// requiredText is decoded into one pointer, as encoding/json does not look
	// behind two for what it takes from a string: nil is missing, or null.
	requiredText
)

// presenceOf tells how a property is decoded, by its field and the options of the
// tag that names it.
func presenceOf(f reflect.StructField, options string) presence {
	has := func(list, option string) bool { return slices.Contains(strings.Split(list, ","), option) }
	pointer, t := f.Type.Kind() == reflect.Pointer, f.Type
	if pointer {
		t = t.Elem()
	}
	text := has(options, "string") && jsontype.Quotable(t.Kind())
	switch {
	case has(options, "omitempty"), has(options, "omitzero"):
		return optional
	case text && pointer:
		return optional // missing and null are nil
	case text:
		return requiredText
	case takesNull(f.Type), has(f.Tag.Get("jsonschema"), "nullable"):
		return requiredOrNull
	default:
		return required
	}
}

// takesNull reports whether a type has a value for null.
func takesNull(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
		return true
	}
	if jsontype.Decodes(t) != jsontype.JSON {
		return false
	}
	zero, err := encodedZero(t)
	return err == nil && string(zero) == "null"
}

// encodedZero encodes the zero value of a type, whose methods may panic on it.
func encodedZero(t reflect.Type) (encoded []byte, err error) {
	defer func() {
		if recover() != nil {
			encoded = nil
		}
	}()
	return json.Marshal(reflect.New(t).Interface())
}

// decodedAs is the type into which a property of the type t is decoded.
func (p presence) decodedAs(t reflect.Type) reflect.Type {
	switch p {
	case optional:
		return t
	case requiredText:
		return reflect.PointerTo(t)
	default:
		return reflect.PointerTo(reflect.PointerTo(t))
	}
}

// prepare makes the value into which a property is decoded.
func (p presence) prepare(v reflect.Value) {
	if p == required || p == requiredOrNull {
		v.Set(reflect.New(v.Type().Elem()))
	}
}

// value takes the property from what was decoded, or says what is wrong with it.
func (p presence) value(v reflect.Value) (value reflect.Value, wrong string) {
	switch {
	case p == optional:
		return v, ""
	case p == requiredText && v.IsNil():
		return v, "is missing or null"
	case p == requiredText:
		return v.Elem(), ""
	case v.IsNil() && p == requiredOrNull:
		return null(v.Type().Elem().Elem()), ""
	case v.IsNil():
		return v, "is null"
	case v.Elem().IsNil():
		return v, "is missing"
	default:
		return v.Elem().Elem(), ""
	}
}

// null is the value that a type has for null.
func null(t reflect.Type) reflect.Value {
	v := reflect.New(t)
	if own, ok := v.Interface().(json.Unmarshaler); ok {
		_ = own.UnmarshalJSON([]byte("null")) // by convention it never fails
	}
	return v.Elem()
}
