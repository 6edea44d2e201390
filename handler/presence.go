package handler

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/fxrestate/go/internal/jsontype"
)

// presence says how a property of a parameter object is decoded, so that a missing
// property, null and a value can be told apart. That needs no second pass over the
// body, and works with every codec that decodes structs.
type presence int

const (
	// optional properties are decoded as they are.
	optional presence = iota
	// required properties are decoded into a pointer to a pointer, of which the
	// outer one is set before. Null makes the outer one nil; a value sets the inner
	// one.
	required
	// requiredOrNull is like required, for a type that has a value for null.
	requiredOrNull
	// requiredText properties are decoded into one pointer, because encoding/json
	// does not follow two for the option string. Nil means missing or null.
	requiredText
)

// presenceOf returns how a property is decoded. It depends on the field and on the
// options in its tag.
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
		return optional // missing and null are both nil
	case text:
		return requiredText
	case takesNull(f.Type), has(f.Tag.Get("jsonschema"), "nullable"):
		return requiredOrNull
	default:
		return required
	}
}

// takesNull reports whether null decodes into a value of the type.
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

// encodedZero encodes the zero value of a type. The methods of the type may panic on
// it.
func encodedZero(t reflect.Type) (encoded []byte, err error) {
	defer func() {
		if recover() != nil {
			encoded = nil
		}
	}()
	return json.Marshal(reflect.New(t).Interface())
}

// decodedAs returns the type into which a property of type t is decoded.
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

// prepare sets up the value into which a property is decoded.
func (p presence) prepare(v reflect.Value) {
	if p == required || p == requiredOrNull {
		v.Set(reflect.New(v.Type().Elem()))
	}
}

// value returns the property from the decoded value, or says what is wrong with it.
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

// null returns the value into which null decodes.
func null(t reflect.Type) reflect.Value {
	v := reflect.New(t)
	if own, ok := v.Interface().(json.Unmarshaler); ok {
		_ = own.UnmarshalJSON([]byte("null")) // by convention it never fails
	}
	return v.Elem()
}
