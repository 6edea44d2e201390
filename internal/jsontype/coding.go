package jsontype

import (
	"encoding"
	"encoding/json"
	"reflect"
)

// Own is how a type encodes or decodes itself.
type Own uint8

const (
	// None leaves it to encoding/json, by the type's kind.
	None Own = iota
	// Text is MarshalText and UnmarshalText: a string.
	Text
	// JSON is MarshalJSON and UnmarshalJSON: anything.
	JSON
)

var (
	marshaler       = reflect.TypeFor[json.Marshaler]()
	unmarshaler     = reflect.TypeFor[json.Unmarshaler]()
	textMarshaler   = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// Encodes tells how values of t encode themselves: those that have no address, and
// those that have one, as what a pointer points to and the elements of slices do.
// The two differ where the method hangs on the pointer.
func Encodes(t reflect.Type) (value, addressed Own) {
	value = ownOf(t, marshaler, textMarshaler)
	addressed = value
	if t.Kind() != reflect.Pointer && t.Kind() != reflect.Interface {
		addressed = ownOf(reflect.PointerTo(t), marshaler, textMarshaler)
	}
	return value, addressed
}

// Decodes tells how values of t decode themselves. What is decoded into has an
// address.
func Decodes(t reflect.Type) Own {
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface {
		return None // decided by what is behind it
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

// IsBytes reports whether encoding/json writes a slice as a string in base64.
func IsBytes(t reflect.Type) bool {
	if t.Kind() != reflect.Slice || t.Elem().Kind() != reflect.Uint8 {
		return false
	}
	_, own := Encodes(t.Elem())
	return own == None
}

// IsInteger reports whether a kind is one of integers.
func IsInteger(k reflect.Kind) bool { return reflect.Int <= k && k <= reflect.Uintptr }
