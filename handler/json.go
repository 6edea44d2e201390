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

// innermost is the codec that does the work: wrapping ones of this package tell
// their own.
func innermost(codec encoding.Codec) encoding.Codec {
	for {
		outer, ok := codec.(interface{ inner() encoding.Codec })
		if !ok {
			return codec
		}
		codec = outer.inner()
	}
}

// isJSON reports whether a codec is the SDK's that uses encoding/json, whatever it
// makes schemas with.
func isJSON(codec encoding.Codec) bool { return sdk.IsJSON(innermost(codec)) }

// schemaCodec is the SDK's JSON codec with schemas of ours.
type schemaCodec struct{ describedCodec }

func (schemaCodec) JsonSchema(v any) any { return schema.Of(reflect.TypeOf(v)) }

func withSchemas(codec encoding.Codec) encoding.Codec {
	if !sdk.MakesOwnSchemas(innermost(codec)) {
		return codec
	}
	return schemaCodec{describedCodec{codec}}
}

// InputPayload describes an input to discovery, by its type and its codec. Nil is
// the type of no input.
//
// For the SDK's JSON codec the schema (draft 2020-12) says what encoding/json writes
// for the type: which fields there are, that a nil pointer, map or slice is null,
// and that MarshalText makes a string. Types with MarshalJSON or UnmarshalJSON, but
// for some of the standard library, and interfaces are left open. Definitions are
// named for the package and the type. What github.com/invopop/jsonschema reads of
// tags (jsonschema:"description=…") and methods (JSONSchema, JSONSchemaExtend) takes
// effect as there; where the server would refuse the outcome it is left out, and the
// endpoint logs a warning. Other codecs, and the JSON codec with a generator of
// one's own, describe types by themselves.
func InputPayload(codec encoding.Codec, t reflect.Type) *encoding.InputPayload {
	return encoding.InputPayloadFor(withSchemas(codec), sample(t))
}

// OutputPayload describes a result to discovery, as [InputPayload] does an input.
func OutputPayload(codec encoding.Codec, t reflect.Type) *encoding.OutputPayload {
	return encoding.OutputPayloadFor(withSchemas(codec), sample(t))
}

// refusal is a type within an input or a result that encoding/json never takes, in
// words.
type refusal struct{ reason, fix string }

// refusedByJSON lists what encoding/json never takes, if codec uses that.
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

// CheckInput reports what encoding/json never decodes within an input of type t, if
// codec uses that. It is for handlers that are not methods of a struct: those of a
// struct are checked by [Spec.Describe].
func CheckInput(codec encoding.Codec, t reflect.Type) error {
	return joinRefusals(refusedByJSON(codec, t, jsontype.Decoding))
}

// CheckOutput reports what encoding/json never encodes within a result, as
// [CheckInput] does.
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
