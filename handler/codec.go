package handler

import (
	"errors"
	"fmt"
	"reflect"
	"unicode/utf8"

	"github.com/restatedev/sdk-go/encoding"
)

// RawCodec passes a body of any content type to a handler that takes a []byte. The
// server accepts every content type, but there must be one. It also accepts an
// empty body, so that the handler decides about a bad body. RawCodec encodes a
// []byte as it is. It is for inputs only, because a result needs a single content
// type. See fxrestate.Raw.
type RawCodec struct{}

// ContentType returns the pattern of the content types that the server accepts.
func (RawCodec) ContentType() string { return "*/*" }

// JsonSchema returns nil: raw bytes have no schema.
func (RawCodec) JsonSchema(any) any { return nil }

// InputRequired returns false: the body may be empty.
func (RawCodec) InputRequired() bool { return false }

// Marshal takes a []byte.
func (RawCodec) Marshal(v any) ([]byte, error) { return encoding.BinaryCodec.Marshal(v) }

// Unmarshal takes a *[]byte.
func (RawCodec) Unmarshal(data []byte, v any) error { return encoding.BinaryCodec.Unmarshal(data, v) }

// TextCodec writes strings as they are, with the content type text/plain. It takes
// every type whose underlying type is string. Text that is not UTF-8 is an error.
// Use it with restate.WithCodec, restate.WithInputCodec or restate.WithOutputCodec:
//
//	restate.WithCodec(handler.TextCodec{})
type TextCodec struct{}

// ContentType returns "text/plain".
func (TextCodec) ContentType() string { return "text/plain" }

// JsonSchema returns nil: text has none.
func (TextCodec) JsonSchema(any) any { return nil }

// InputRequired returns false: the text may be empty.
func (TextCodec) InputRequired() bool { return false }

// SetContentTypeIfEmpty returns true, because the text may be empty.
func (TextCodec) SetContentTypeIfEmpty() bool { return true }

// Marshal takes a string.
func (TextCodec) Marshal(v any) ([]byte, error) {
	text := reflect.ValueOf(v)
	if text.Kind() != reflect.String {
		return nil, fmt.Errorf("handler: the text codec takes a string, and was given a %T", v)
	}
	return []byte(text.String()), nil
}

// Unmarshal takes a pointer to a string.
func (TextCodec) Unmarshal(data []byte, v any) error {
	to := reflect.ValueOf(v)
	if to.Kind() != reflect.Pointer || to.IsNil() || to.Elem().Kind() != reflect.String {
		return fmt.Errorf("handler: the text codec fills a *string, and was given a %T", v)
	}
	if !utf8.Valid(data) {
		return errors.New("the text is not UTF-8")
	}
	to.Elem().SetString(string(data))
	return nil
}

// InputTyper is an optional interface of an input codec: it tells the type into
// which the handler decodes its input. With it the pipeline sees the decoded input
// of a handler whose type it cannot read: one whose input decodes itself, in a
// definition of restate.Reflect. [Typed] makes such a codec.
type InputTyper interface {
	InputType() reflect.Type
}

// Typed wraps codec and declares that the input is a T: see [InputTyper].
//
//	restate.Reflect(payments).ConfigureHandler("Charge",
//		restate.WithInputCodec(handler.Typed[*Charge](encoding.JSONCodec)))
//
// T must be the type that the handler takes.
func Typed[T any](codec encoding.Codec) encoding.Codec {
	return typedCodec[T]{describedCodec{codec}}
}

type typedCodec[T any] struct{ describedCodec }

func (typedCodec[T]) InputType() reflect.Type { return reflect.TypeFor[T]() }

// describedCodec wraps a codec, and describes payloads as that codec does.
type describedCodec struct{ encoding.Codec }

func (c describedCodec) inner() encoding.Codec { return c.Codec }

func (c describedCodec) ContentType() string {
	if m, ok := c.Codec.(encoding.CodecMetadata); ok {
		return m.ContentType()
	}
	return ""
}

func (c describedCodec) JsonSchema(v any) any {
	if m, ok := c.Codec.(encoding.CodecMetadata); ok {
		return m.JsonSchema(v)
	}
	return nil
}

func (c describedCodec) InputRequired() bool {
	if m, ok := c.Codec.(encoding.CodecInputMetadata); ok {
		return m.InputRequired()
	}
	return true
}

func (c describedCodec) SetContentTypeIfEmpty() bool {
	if m, ok := c.Codec.(encoding.CodecOutputMetadata); ok {
		return m.SetContentTypeIfEmpty()
	}
	return false
}

func (c describedCodec) IsNonDeterministic() bool {
	return encoding.IsNonDeterministicSerialization(c.Codec)
}
