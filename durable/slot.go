package durable

import (
	"fmt"
	"reflect"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/internal/payload"
	"github.com/fxrestate/go/internal/scope"
)

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
		return fmt.Errorf("durable: a %s[%s] without a name; declare it with durable.New%[1]s[%[2]s](name)", sort, reflect.TypeFor[T]())
	}
	return nil
}

func (s slot[T]) encode(value T) (payload.Payload[T], error) {
	encoded, err := encoding.Marshal(s.codec, value)
	if err != nil {
		return payload.Payload[T]{}, fmt.Errorf("durable: %s: encode: %w", s, err)
	}
	return payload.Payload[T]{Encoded: encoded}, nil
}

// decode returns what came out of the SDK, and whether there was anything.
func (s slot[T]) decode(ctx restate.Context, p payload.Payload[T], failure restate.TerminalError) (value T, present bool, err error) {
	switch {
	case failure != nil:
		return value, false, failure
	case p.Err != nil:
		scope.Of(ctx).Undecodable(s.String(), reflect.TypeFor[T](), p.Err)
		return value, false, fmt.Errorf("durable: %s: what is stored is no %s: %w", s, reflect.TypeFor[T](), p.Err)
	default:
		return p.Value, p.Present, nil
	}
}
