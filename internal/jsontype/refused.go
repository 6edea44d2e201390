package jsontype

import "reflect"

// Direction is encoding or decoding.
type Direction uint8

const (
	// Decoding is for inputs.
	Decoding Direction = iota
	// Encoding is for results.
	Encoding
)

// Refused is a part of a type for which encoding/json always returns an error.
type Refused struct {
	// Path leads to it from the whole type, as "Lines[].Hook", with "[]" for an
	// element of a slice, an array or a map. It is empty for the type itself.
	Path string
	// Type is the type that encoding/json rejects.
	Type reflect.Type
	// Key is true if encoding/json rejects the key of Type, a map.
	Key bool
}

// FindRefused lists the parts of t that encoding/json rejects. It looks where
// encoding/json does: not behind interfaces, not in types that encode or decode
// themselves, and not in fields with the tag json:"-". A type that can be reached in two
// ways is listed once.
//
// A slice or pointer of such a type is listed too, although nil does encode: it would
// fail as soon as it holds a value.
func FindRefused(t reflect.Type, d Direction) []Refused {
	f := finder{direction: d, seen: map[reflect.Type]bool{}}
	f.find(t, "")
	return f.found
}

type finder struct {
	direction Direction
	seen      map[reflect.Type]bool
	found     []Refused
}

func (f *finder) find(t reflect.Type, path string) {
	if f.seen[t] || f.own(t) {
		return
	}
	f.seen[t] = true
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		f.found = append(f.found, Refused{Path: path, Type: t})
	case reflect.Pointer:
		f.find(t.Elem(), path)
	case reflect.Slice, reflect.Array:
		if t.Kind() == reflect.Array && t.Len() == 0 {
			return
		}
		f.find(t.Elem(), path+"[]")
	case reflect.Map:
		if !f.keys(t.Key()) {
			f.found = append(f.found, Refused{Path: path, Type: t, Key: true})
			return
		}
		f.find(t.Elem(), path+"[]")
	case reflect.Struct:
		for _, field := range Fields(t) {
			at := field.Path
			if path != "" {
				at = path + "." + at
			}
			f.find(field.Go.Type, at)
		}
	}
}

// own reports whether values of t encode themselves, at least the addressable ones, or
// decode themselves, depending on the direction.
func (f *finder) own(t reflect.Type) bool {
	_, encodes := Encodes(t)
	return encodes != None || f.direction == Decoding && Decodes(t) != None
}

// keys reports whether encoding/json accepts a type as the key of a map.
func (f *finder) keys(t reflect.Type) bool {
	switch {
	case t.Kind() == reflect.String, IsInteger(t.Kind()):
		return true
	case f.direction == Decoding:
		return reflect.PointerTo(t).Implements(textUnmarshaler)
	default:
		return t.Implements(textMarshaler)
	}
}
