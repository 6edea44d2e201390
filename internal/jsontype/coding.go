package jsontype

import (
	"encoding"
	"encoding/json"
	"reflect"
)

// Own says how a type encodes or decodes itself.
type Own uint8

const (
	// None: encoding/json does it by the type's kind.
	None Own = iota
	// Text: MarshalText and UnmarshalText, with a string.
	Text
	// JSON: MarshalJSON and UnmarshalJSON, with any JSON.
	JSON
)

var (
	marshaler       = reflect.TypeFor[json.Marshaler]()
	unmarshaler     = reflect.TypeFor[json.Unmarshaler]()
	textMarshaler   = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// Encodes returns how values of t encode themselves, for values that are not
// addressable and for those that are, such as the targets of pointers and the elements
// of slices. The two differ if the method has a pointer receiver.
func Encodes(t reflect.Type) (value, addressed Own) {
	value = ownOf(t, marshaler, textMarshaler)
	addressed = value
	if t.Kind() != reflect.Pointer && t.Kind() != reflect.Interface {
		addressed = ownOf(reflect.PointerTo(t), marshaler, textMarshaler)
	}
	return value, addressed
}

// Decodes returns how values of t decode themselves. Decoding always uses an
// addressable value.
func Decodes(t reflect.Type) Own {
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface {
		return None // the value behind it decides
	}
	return ownOf(reflect.PointerTo(t), unmarshaler, textUnmarshaler)
}

func ownOf(t, ownJSON, ownText reflect.Type) Own {
	switch {
	case t.Implements(ownJSON):
		return JSON
	case t.Implements(ownText):
		return Text
	default:
		return None
	}
}

// IsBytes reports whether encoding/json writes a slice of type t as a base64 string.
func IsBytes(t reflect.Type) bool {
	if t.Kind() != reflect.Slice || t.Elem().Kind() != reflect.Uint8 {
		return false
	}
	_, own := Encodes(t.Elem())
	return own == None
}

// IsInteger reports whether k is an integer kind.
func IsInteger(k reflect.Kind) bool { return reflect.Int <= k && k <= reflect.Uintptr }
