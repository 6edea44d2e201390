package fxrestate

import (
	"fmt"
	"reflect"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/internal/scope"
)

// payload is a T on its way into the SDK or out of it. The SDK panics when it
// cannot encode or decode, and does not say what; a payload is encoded before the
// SDK sees it, and keeps the error of its decoding.
type payload[T any] struct {
	value   T
	present bool
	err     error
	encoded []byte
}

var (
	_ encoding.RestateMarshaler   = payload[int]{}
	_ encoding.RestateMarshaler   = (*encoded)(nil)
	_ encoding.RestateUnmarshaler = (*payload[int])(nil)
)

// RestateMarshal implements encoding.RestateMarshaler.
func (p payload[T]) RestateMarshal(encoding.Codec) ([]byte, error) { return p.encoded, nil }

// RestateUnmarshal implements encoding.RestateUnmarshaler. It is not called for
// what is absent.
func (p *payload[T]) RestateUnmarshal(codec encoding.Codec, data []byte) error {
	p.present = true
	p.err = scope.Decode(codec, data, &p.value)
	return nil
}

// OutputPayload is for discovery, where no payload appears.
func (payload[T]) OutputPayload(encoding.Codec) *encoding.OutputPayload {
	return &encoding.OutputPayload{}
}

// InputPayload is for discovery, where no payload appears.
func (*payload[T]) InputPayload(encoding.Codec) *encoding.InputPayload {
	return &encoding.InputPayload{}
}

// encoded is an input on its way into the SDK. It goes there by a pointer, which
// takes no memory of its own.
type encoded struct{ bytes []byte }

// RestateMarshal implements encoding.RestateMarshaler.
func (e *encoded) RestateMarshal(encoding.Codec) ([]byte, error) { return e.bytes, nil }

// OutputPayload is for discovery, where no input appears.
func (*encoded) OutputPayload(encoding.Codec) *encoding.OutputPayload {
	return &encoding.OutputPayload{}
}

// slot is what a StateKey and a PromiseKey declare.
type slot[T any] struct {
	sort  string // "StateKey" or "PromiseKey"
	name  string
	codec encoding.Codec
}

func newSlot[T any](sort, name string, codec encoding.Codec) slot[T] {
	if codec == nil {
		codec = encoding.JSONCodec
	}
	return slot[T]{sort, name, codec}
}

func (s slot[T]) String() string {
	return fmt.Sprintf("%s[%s] %q", s.sort, reflect.TypeFor[T](), s.name)
}

// check returns an error for a zero value and for an empty name.
func (s slot[T]) check(sort string) error {
	if s.name == "" {
		return fmt.Errorf("fxrestate: a %s[%s] without a name; declare it with fxrestate.New%[1]s[%[2]s](name)", sort, reflect.TypeFor[T]())
	}
	return nil
}

func (s slot[T]) encode(value T) (payload[T], error) {
	encoded, err := encoding.Marshal(s.codec, value)
	if err != nil {
		return payload[T]{}, fmt.Errorf("fxrestate: %s: encode: %w", s, err)
	}
	return payload[T]{encoded: encoded}, nil
}

// decode returns what came out of the SDK, and whether there was anything.
func (s slot[T]) decode(ctx restate.Context, p payload[T], failure restate.TerminalError) (value T, present bool, err error) {
	switch {
	case failure != nil:
		return value, false, failure
	case p.err != nil:
		undecodable[T](scopeOf(ctx), s, p.err)
		return value, false, fmt.Errorf("fxrestate: %s: what is stored is no %s: %w", s, reflect.TypeFor[T](), p.err)
	default:
		return p.value, p.present, nil
	}
}
