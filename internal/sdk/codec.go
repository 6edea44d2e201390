package sdk

import (
	"reflect"

	"github.com/restatedev/sdk-go/encoding"
)

// IsJSON reports whether a codec is the SDK's that uses encoding/json, whatever it
// makes schemas with.
func IsJSON(codec encoding.Codec) bool {
	return reflect.TypeOf(codec) == reflect.TypeOf(encoding.JSONCodec)
}

// MakesOwnSchemas reports whether a codec describes types by the generator of the
// SDK's own JSON codec. Codecs with other generators have the same type.
func MakesOwnSchemas(codec encoding.Codec) bool {
	return IsJSON(codec) && schemaGenerator(codec) == schemaGenerator(encoding.JSONCodec)
}

// schemaGenerator returns the code by which the SDK's JSON codec makes schemas.
func schemaGenerator(codec encoding.Codec) uintptr {
	f := reflect.ValueOf(codec).FieldByName("genJsonSchema")
	if f.Kind() != reflect.Func {
		return 0
	}
	return f.Pointer()
}
