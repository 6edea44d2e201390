package durable

import (
	"fmt"
	"reflect"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/payload"
	"github.com/fxrestate/go/internal/sdk"
)

// StateKey is a key in the state of virtual objects and workflows: its name, the type of
// its value and its codec, declared once. Declare it as a variable of the package beside
// the handlers:
//
//	var items = durable.NewStateKey[[]Item]("items")
//
//	func (*Cart) Add(ctx restate.ObjectContext, item Item) error {
//		all, err := items.Get(ctx)
//		if err != nil {
//			return err
//		}
//		return items.Set(ctx, append(all, item))
//	}
//
// Reading accepts any context of an object or a workflow. Writing accepts only that of an
// exclusive handler, which the compiler checks. State that restate.Set wrote under the
// same name is the same state
// (https://docs.restate.dev/develop/go/state).
//
// If a value cannot be encoded or decoded, the SDK's functions panic, and these methods
// return an error that names the key. It is not terminal: the invocation continues when the
// mistake is fixed and deployed. The zero value has no name, and each of its methods
// returns an error.
type StateKey[T any] struct{ slot slot[T] }

// NewStateKey declares a key of the state.
func NewStateKey[T any](name string, opts ...CodecOption) StateKey[T] {
	return StateKey[T]{newSlot[T](sortStateKey, name, sdk.Options(CodecOption.BeforeGet, opts).Codec)}
}

// Name returns the name of the key.
func (k StateKey[T]) Name() string { return k.slot.name }

// Get returns the value, or the zero value if there is none. The error is that of a
// cancelled invocation, or says that the stored value is not a T.
func (k StateKey[T]) Get(ctx restate.ObjectSharedContext) (T, error) {
	value, _, err := k.Lookup(ctx)
	return value, err
}

// GetOr is [StateKey.Get] with another default than the zero value.
func (k StateKey[T]) GetOr(ctx restate.ObjectSharedContext, absent T) (T, error) {
	value, ok, err := k.Lookup(ctx)
	if err == nil && !ok {
		value = absent
	}
	return value, err
}

// Lookup is [StateKey.Get] and reports whether there is a value.
func (k StateKey[T]) Lookup(ctx restate.ObjectSharedContext) (value T, ok bool, err error) {
	if err := k.slot.check(sortStateKey); err != nil {
		return value, false, err
	}
	defer sdk.Rescue(&err)
	p, failure := restate.Get[payload.Payload[T]](ctx, k.slot.name, restate.WithCodec(k.slot.codec))
	return k.slot.decode(ctx, p, failure)
}

// Set stores a value. The error says that it cannot be encoded.
func (k StateKey[T]) Set(ctx restate.ObjectContext, value T) (err error) {
	defer sdk.Rescue(&err)
	if err := k.slot.check(sortStateKey); err != nil {
		return err
	}
	p, err := k.slot.encode(value)
	if err != nil {
		return err
	}
	restate.Set(ctx, k.slot.name, p, restate.WithCodec(k.slot.codec))
	return nil
}

// Clear removes the value. The error is that of a zero key or of a misuse of ctx.
func (k StateKey[T]) Clear(ctx restate.ObjectContext) (err error) {
	defer sdk.Rescue(&err)
	if err := k.slot.check(sortStateKey); err != nil {
		return err
	}
	restate.Clear(ctx, k.slot.name)
	return nil
}

// Encode returns a value as it is stored, for what sets state from outside, such as a test
// or a migration. The error says that it cannot be encoded.
func (k StateKey[T]) Encode(value T) ([]byte, error) {
	if err := k.slot.check(sortStateKey); err != nil {
		return nil, err
	}
	p, err := k.slot.encode(value)
	return p.Encoded, err
}

// Decode returns the value of what is stored. The error says that it is not a T.
func (k StateKey[T]) Decode(stored []byte) (value T, err error) {
	if err := k.slot.check(sortStateKey); err != nil {
		return value, err
	}
	if err := sdk.Decode(k.slot.codec, stored, &value); err != nil {
		return value, fmt.Errorf("durable: %s: what is stored is no %s: %w", k.slot, reflect.TypeFor[T](), err)
	}
	return value, nil
}
