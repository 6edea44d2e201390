// Package payload has wrappers for values that go into the SDK or come out of it.
package payload

import (
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/internal/sdk"
)

// Payload is a T that goes into the SDK or comes out of it. If the SDK cannot encode or
// decode a value, it panics without saying which. So a Payload is encoded before the SDK
// sees it, and keeps the error of its decoding.
type Payload[T any] struct {
	Value   T
	Present bool   // there was a value to decode
	Err     error  // of the decoding
	Encoded []byte // the bytes for the SDK
}

var (
	_ encoding.RestateMarshaler   = Payload[int]{}
	_ encoding.RestateMarshaler   = (*Encoded)(nil)
	_ encoding.RestateUnmarshaler = (*Payload[int])(nil)
)

// RestateMarshal implements encoding.RestateMarshaler.
func (p Payload[T]) RestateMarshal(encoding.Codec) ([]byte, error) { return p.Encoded, nil }

// RestateUnmarshal implements encoding.RestateUnmarshaler. It is not called for an
// absent value.
func (p *Payload[T]) RestateUnmarshal(codec encoding.Codec, data []byte) error {
	p.Present = true
	p.Err = sdk.Decode(codec, data, &p.Value)
	return nil
}

// OutputPayload implements an interface of the SDK. Discovery never sees a Payload.
func (Payload[T]) OutputPayload(encoding.Codec) *encoding.OutputPayload {
	return &encoding.OutputPayload{}
}

// InputPayload implements an interface of the SDK. Discovery never sees a Payload.
func (*Payload[T]) InputPayload(encoding.Codec) *encoding.InputPayload {
	return &encoding.InputPayload{}
}

// Encoded is an encoded input for the SDK. It is passed as a pointer, which needs no
// allocation.
type Encoded struct{ Bytes []byte }

// TypedClient tells package sdk that the call interceptors stand around the call already.
func (*Encoded) TypedClient() {}

// RestateMarshal implements encoding.RestateMarshaler.
func (e *Encoded) RestateMarshal(encoding.Codec) ([]byte, error) { return e.Bytes, nil }

// OutputPayload implements an interface of the SDK. Discovery never sees an Encoded.
func (*Encoded) OutputPayload(encoding.Codec) *encoding.OutputPayload {
	return &encoding.OutputPayload{}
}
