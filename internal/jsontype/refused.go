package jsontype

import "reflect"

// Direction says which way values go.
type Direction uint8

const (
	// Decoding is what an input undergoes.
	Decoding Direction = iota
	// Encoding is what a result undergoes.
	Encoding
)

// Refused is a type within another for which encoding/json always returns an error.
type Refused struct {
	// Path leads to it from the type that was asked about, as "Lines[].Hook", with
	// "[]" for an element of a slice, an array or a map. It is empty for that type
	// itself.
	Path string
	// Type is what encoding/json refuses.
	Type reflect.Type
	// Key tells that it is the key of the map Type that encoding/json refuses.
	Key bool
}

// FindRefused lists the types that encoding/json refuses within values of t. It
// looks where encoding/json does: not behind interfaces, not in types that encode
// or decode themselves, and in no field that is left out by json:"-". A type that
// can be reached in two ways is listed once.
//
// A nil slice or pointer of such a type does encode. It is listed all the same: it
// works until it holds something.
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

// own reports whether values of t encode themselves, if only those that have an
// address, or are inputs that decode themselves.
func (f *finder) own(t reflect.Type) bool {
	_, encodes := Encodes(t)
	return encodes != None || f.direction == Decoding && Decodes(t) != None
}

// keys reports whether a type can be the key of a map.
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
