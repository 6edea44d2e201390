package durable

import (
	"fmt"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/internal/awakeableid"
	"github.com/fxrestate/go/internal/payload"
	"github.com/fxrestate/go/internal/sdk"
)

// Awakeable is a value that a handler waits for and that somebody else provides: its
// name, the type of the value and its codec, declared once. Declare it as a variable of
// the package beside the handlers:
//
//	var approval = durable.NewAwakeable[Decision]("approval")
//
//	func (o *Orders) Place(ctx restate.Context, in Order) (Receipt, error) {
//		id, decision, err := approval.New(ctx)
//		if err != nil {
//			return Receipt{}, err
//		}
//		// In a step, send the id to the person who decides.
//		d, err := decision.OrTimeout(ctx, 24*time.Hour).Await(ctx)
//		…
//	}
//
// Each call of [Awakeable.New] makes an awakeable with an id of its own, which Restate
// chooses. With the id it is completed by [Awakeable.Resolve] or [Awakeable.Reject] in
// another handler, by ingress.Resolve or ingress.Reject outside handlers, or by a request
// to the route ingress.AwakeableHandler
// (https://docs.restate.dev/develop/go/external-events).
//
// The first completion counts. Later ones are ignored without an error. So is a completion
// after a timeout, and after the handler has returned: whoever sends it is told that it
// succeeded (by the route with 204), because the server knows no more of the awakeable
// than its id. Where the sender must learn that the decision came too late, use a
// [PromiseKey], whose workflow can answer.
//
// The value comes from outside. If it is not a T, the future fails with a terminal error
// with code 400, because no later attempt would find another value: make a new awakeable
// and ask again, or return the error. The same holds for restate.Awakeable and
// restate.Signal in handlers that this framework serves. The routes of ingress refuse such a value before it counts, and the
// compiler does so for Resolve.
//
// The name is for errors and logs, and is not journaled. For values that cannot be
// encoded, and for the zero value, see [StateKey].
type Awakeable[T any] struct{ slot slot[T] }

// NewAwakeable declares an awakeable.
func NewAwakeable[T any](name string, opts ...CodecOption) Awakeable[T] {
	return Awakeable[T]{newSlot[T](sortAwakeable, name, sdk.Options(CodecOption.BeforeAwakeable, opts).Codec)}
}

// Name returns the name of the awakeable.
func (a Awakeable[T]) Name() string { return a.slot.name }

// Codec returns the codec of the value, or nil for the zero value.
func (a Awakeable[T]) Codec() encoding.Codec { return a.slot.codec }

// Check returns an error for an awakeable that was not declared with a name by
// [NewAwakeable].
func (a Awakeable[T]) Check() error { return a.slot.check(sortAwakeable) }

// New makes an awakeable and returns its id, to give away, and the future of its value.
// The id is the same on every attempt. If the awakeable is rejected, or resolved with a
// value that is not a T, the future fails with a terminal error.
func (a Awakeable[T]) New(ctx restate.Context) (id string, value Future[T], err error) {
	if err := a.Check(); err != nil {
		return "", failed[T](err), err
	}
	awakeable, err := a.start(ctx)
	if err != nil {
		return "", failed[T](err), err
	}
	return awakeable.Id(), a.slot.future(ctx, awakeable, awakeable.Result), nil
}

func (a Awakeable[T]) start(ctx restate.Context) (f restate.AwakeableFuture[payload.Payload[T]], err error) {
	defer sdk.Rescue(&err)
	return restate.Awakeable[payload.Payload[T]](ctx, restate.WithCodec(a.slot.codec)), nil
}

// Resolve completes the awakeable with the given id, of this invocation or of another
// one. The handler that waits for it continues with value. A malformed id is a terminal
// error with code 400.
func (a Awakeable[T]) Resolve(ctx restate.Context, id string, value T) (err error) {
	if err := a.checkID("Resolve", id); err != nil {
		return err
	}
	p, err := a.slot.encode(value)
	if err != nil {
		return err
	}
	defer sdk.Rescue(&err)
	restate.ResolveAwakeable(ctx, id, p, restate.WithCodec(a.slot.codec))
	return nil
}

// Reject completes the awakeable with the given id with a failure: the handler that
// waits for it gets a terminal error with the message of reason, and its code if it has
// one. A malformed id is a terminal error with code 400.
func (a Awakeable[T]) Reject(ctx restate.Context, id string, reason error) (err error) {
	if err := a.checkID("Reject", id); err != nil {
		return err
	}
	if reason == nil {
		return fmt.Errorf("durable: %s: Reject without a reason", a.slot)
	}
	defer sdk.Rescue(&err)
	restate.RejectAwakeable(ctx, id, reason)
	return nil
}

// checkID reports a malformed id. The SDK would fail on it in each attempt, and it comes
// from outside.
func (a Awakeable[T]) checkID(verb, id string) error {
	if err := a.Check(); err != nil {
		return err
	}
	if !awakeableid.Valid(id) {
		return badRequest(fmt.Errorf("durable: %s: %s: %.60q is not the id of an awakeable", a.slot, verb, id))
	}
	return nil
}
