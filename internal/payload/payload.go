// Package payload has values on their way into the SDK and out of it.
package payload

import (
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/internal/sdk"
)

// Payload is a T on its way into the SDK or out of it. The SDK panics when it
// cannot encode or decode, and does not say what; a payload is encoded before the
// SDK sees it, and keeps the error of its decoding.
type Payload[T any] struct {
	Value   T
	Present bool   // there was something to decode
	Err     error  // of the decoding
	Encoded []byte // what the SDK takes
}

var (
	_ encoding.RestateMarshaler   = Payload[int]{}
	_ encoding.RestateMarshaler   = (*Encoded)(nil)
	_ encoding.RestateUnmarshaler = (*Payload[int])(nil)
)

// RestateMarshal implements encoding.RestateMarshaler.
func (p Payload[T]) RestateMarshal(encoding.Codec) ([]byte, error) { return p.Encoded, nil }

// RestateUnmarshal implements encoding.RestateUnmarshaler. It is not called for
// what is absent.
func (p *Payload[T]) RestateUnmarshal(codec encoding.Codec, data []byte) error {
	p.Present = true
	p.Err = sdk.Decode(codec, data, &p.Value)
	return nil
}

// OutputPayload is for discovery, where no payload appears.
func (Payload[T]) OutputPayload(encoding.Codec) *encoding.OutputPayload {
	return &encoding.OutputPayload{}
}

// InputPayload is for discovery, where no payload appears.
func (*Payload[T]) InputPayload(encoding.Codec) *encoding.InputPayload {
	return &encoding.InputPayload{}
}

// Encoded is an input on its way into the SDK. It goes there by a pointer, which
// takes no memory of its own.
type Encoded struct{ Bytes []byte }

// RestateMarshal implements encoding.RestateMarshaler.
func (e *Encoded) RestateMarshal(encoding.Codec) ([]byte, error) { return e.Bytes, nil }

// OutputPayload is for discovery, where no input appears.
func (*Encoded) OutputPayload(encoding.Codec) *encoding.OutputPayload {
	return &encoding.OutputPayload{}
}
