package handler

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/internal/jsontype"
	"github.com/fxrestate/go/internal/schema"
	"github.com/fxrestate/go/internal/sdk"
)

// innermost returns the codec that does the work, without the wrappers of this
// package.
func innermost(codec encoding.Codec) encoding.Codec {
	for {
		outer, ok := codec.(interface{ inner() encoding.Codec })
		if !ok {
			return codec
		}
		codec = outer.inner()
	}
}

// isJSON reports whether a codec is the SDK's codec for encoding/json, with any schema
// generator.
func isJSON(codec encoding.Codec) bool { return sdk.IsJSON(innermost(codec)) }

// schemaCodec is the SDK's JSON codec with the schemas of package schema.
type schemaCodec struct{ describedCodec }

func (schemaCodec) JsonSchema(v any) any { return schema.Of(reflect.TypeOf(v)) }

func withSchemas(codec encoding.Codec) encoding.Codec {
	if !sdk.MakesOwnSchemas(innermost(codec)) {
		return codec
	}
	return schemaCodec{describedCodec{codec}}
}

// InputPayload describes an input for discovery, from its codec and its type. The
// type is nil if there is no input.
//
// For the SDK's JSON codec the schema (draft 2020-12) describes what encoding/json
// writes for the type: the fields, null for a nil pointer, map or slice, and a string
// for MarshalText. The schema accepts any value for interfaces, and for types with
// MarshalJSON or UnmarshalJSON except some types of the standard library. Definitions
// have the names of the package and the type.
//
// The tags (jsonschema:"description=…") and methods (JSONSchema, JSONSchemaExtend) of
// github.com/invopop/jsonschema have their usual effect. If the server would reject
// the result, they are ignored and the endpoint logs a warning. Other codecs, and the
// JSON codec with a custom schema generator, describe types themselves.
func InputPayload(codec encoding.Codec, t reflect.Type) *encoding.InputPayload {
	return encoding.InputPayloadFor(withSchemas(codec), sample(t))
}

// OutputPayload describes a result for discovery: see [InputPayload].
func OutputPayload(codec encoding.Codec, t reflect.Type) *encoding.OutputPayload {
	return encoding.OutputPayloadFor(withSchemas(codec), sample(t))
}

// refusal describes a type in an input or a result that encoding/json never accepts.
type refusal struct{ reason, fix string }

// refusedByJSON lists the types that encoding/json never accepts, if codec uses it.
func refusedByJSON(codec encoding.Codec, t reflect.Type, d jsontype.Direction) (refusals []refusal) {
	if t == nil || !isJSON(codec) || selfCoding(t) || selfCoding(reflect.PointerTo(t)) {
		return nil
	}
	for _, refused := range jsontype.FindRefused(t, d) {
		what, where, fix := "is", "", "change the type or the codec"
		if refused.Path != "" {
			what, where = "has", " in "+refused.Path
			fix = `leave that out with json:"-", change its type or give it MarshalJSON and UnmarshalJSON, or use another codec`
		}
		why := "which cannot be encoded"
		if refused.Key {
			why = fmt.Sprintf("whose keys JSON cannot have (%s)", refused.Type.Key())
		}
		refusals = append(refusals, refusal{fmt.Sprintf("%s a %s%s, %s", what, refused.Type, where, why), fix})
	}
	return refusals
}

// CheckInput returns an error if codec uses encoding/json and an input of type t has
// a part that encoding/json can never decode. It is for handlers that are not methods
// of a struct; [Spec.Describe] checks those of a struct.
func CheckInput(codec encoding.Codec, t reflect.Type) error {
	return joinRefusals(refusedByJSON(codec, t, jsontype.Decoding))
}

// CheckOutput does the same as [CheckInput] for encoding a result.
func CheckOutput(codec encoding.Codec, t reflect.Type) error {
	return joinRefusals(refusedByJSON(codec, t, jsontype.Encoding))
}

func joinRefusals(refusals []refusal) error {
	if len(refusals) == 0 {
		return nil
	}
	texts := make([]string, len(refusals))
	for i, r := range refusals {
		texts[i] = r.reason + "; " + r.fix
	}
	return errors.New(strings.Join(texts, ", and "))
}
