package durable

import (
	"fmt"
	"reflect"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/internal/payload"
	"github.com/fxrestate/go/internal/scope"
	"github.com/fxrestate/go/internal/sdk"
)

// The building blocks that are declared.
const (
	sortStateKey   = "StateKey"
	sortPromiseKey = "PromiseKey"
	sortAwakeable  = "Awakeable"
	sortStep       = "Step"
)

// CodecOption chooses the codec of what is declared by [NewStateKey], [NewPromiseKey],
// [NewAwakeable] and [StepCodec]: restate.WithCodec, restate.WithProto,
// restate.WithBinary and the like. Default: JSON.
type CodecOption interface {
	restate.GetOption
	restate.SetOption
	restate.PromiseOption
	restate.AwakeableOption
	restate.ResolveAwakeableOption
	restate.RunOption
}

// slot is what all declarations of building blocks have.
type slot[T any] struct {
	sort  string
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
		article := "a"
		if sort == sortAwakeable {
			article = "an"
		}
		return fmt.Errorf("durable: %s %s[%s] without a name; declare it with durable.New%[2]s[%[3]s](name)", article, sort, reflect.TypeFor[T]())
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

// future is the future of a value, which result returns when f has completed.
func (s slot[T]) future(ctx restate.Context, f restate.Future, result func() (payload.Payload[T], restate.TerminalError)) Future[T] {
	return FutureOf(f, func() (value T, err error) {
		defer sdk.Rescue(&err)
		p, failure := result()
		value, _, err = s.decode(ctx, p, failure)
		return value, err
	})
}

// decode returns the value that the SDK returned, and whether there was one.
func (s slot[T]) decode(ctx restate.Context, p payload.Payload[T], failure restate.TerminalError) (value T, present bool, err error) {
	switch {
	case failure != nil:
		return value, false, failure
	case p.Err != nil && s.sort == sortAwakeable:
		return value, false, sdk.WrongCompletion(s.String(), reflect.TypeFor[T](), p.Err)
	case p.Err != nil:
		scope.Of(ctx).Undecodable(s.String(), reflect.TypeFor[T](), p.Err)
		return value, false, fmt.Errorf("durable: %s: what is stored is no %s: %w", s, reflect.TypeFor[T](), p.Err)
	default:
		return p.Value, p.Present, nil
	}
}
