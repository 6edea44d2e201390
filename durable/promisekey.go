package durable

import (
	"fmt"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/payload"
	"github.com/fxrestate/go/internal/sdk"
)

// PromiseKey is a durable promise of workflows: its name, the type of its value
// and its codec, declared once. Each workflow id has its own promise. Declare it
// as a variable of the package beside the handlers:
//
//	var approval = durable.NewPromiseKey[Decision]("approval")
//
//	func (*Signup) Run(ctx restate.WorkflowContext, in Form) (Decision, error) {
//		return approval.Result(ctx) // waits
//	}
//
//	func (*Signup) Decide(ctx restate.WorkflowSharedContext, d Decision) error {
//		return approval.Resolve(ctx, d)
//	}
//
// The order of the two does not matter. A promise that restate.Promise made under the same
// name is the same promise
// (https://docs.restate.dev/develop/go/external-events).
//
// A decision that comes too late can be told so. After a timeout, the workflow rejects the
// promise; a Resolve that comes later fails with code 409:
//
//	d, err := approval.Future(ctx).OrTimeout(ctx, 24*time.Hour).Await(ctx)
//	if durable.IsTimeout(err) {
//		if closed := approval.Reject(ctx, err); closed != nil {
//			return approval.Result(ctx) // the decision came at this moment, and counts
//		}
//	}
//
// An [Awakeable] needs no workflow and no handler for the decision, and ignores a decision
// that is too late.
//
// For values that cannot be encoded or decoded, and for the zero value, see [StateKey].
type PromiseKey[T any] struct{ slot slot[T] }

// NewPromiseKey declares a promise.
func NewPromiseKey[T any](name string, opts ...CodecOption) PromiseKey[T] {
	return PromiseKey[T]{newSlot[T](sortPromiseKey, name, sdk.Options(CodecOption.BeforePromise, opts).Codec)}
}

// Name returns the name of the promise.
func (k PromiseKey[T]) Name() string { return k.slot.name }

// Result waits until the promise is resolved or rejected. The error is the
// terminal one it was rejected with, or that of a cancelled invocation.
func (k PromiseKey[T]) Result(ctx restate.WorkflowSharedContext) (T, error) {
	return k.Future(ctx).Await(ctx)
}

// Future is [PromiseKey.Result] for waiting with others, or with a timeout:
//
//	d, err := approval.Future(ctx).OrTimeout(ctx, 24*time.Hour).Await(ctx)
func (k PromiseKey[T]) Future(ctx restate.WorkflowSharedContext) Future[T] {
	if err := k.slot.check(sortPromiseKey); err != nil {
		return failed[T](err)
	}
	promise, err := k.promise(ctx)
	if err != nil {
		return failed[T](err)
	}
	return k.slot.future(ctx, promise, promise.Result)
}

// Peek returns the value if the promise is resolved, and does not wait for it.
// Otherwise ok is false, and the error is the terminal one with which the promise
// was rejected, or nil if nothing has happened yet.
func (k PromiseKey[T]) Peek(ctx restate.WorkflowSharedContext) (value T, ok bool, err error) {
	if err := k.slot.check(sortPromiseKey); err != nil {
		return value, false, err
	}
	promise, err := k.promise(ctx)
	if err != nil {
		return value, false, err
	}
	defer sdk.Rescue(&err)
	p, failure := promise.Peek()
	return k.slot.decode(ctx, p, failure)
}

// Resolve resolves the promise. If it was resolved or rejected before, the error
// is a terminal one with code 409.
func (k PromiseKey[T]) Resolve(ctx restate.WorkflowSharedContext, value T) (err error) {
	if err := k.slot.check(sortPromiseKey); err != nil {
		return err
	}
	p, err := k.slot.encode(value)
	if err != nil {
		return err
	}
	promise, err := k.promise(ctx)
	if err != nil {
		return err
	}
	defer sdk.Rescue(&err)
	if failure := promise.Resolve(p); failure != nil {
		return failure
	}
	return nil
}

// Reject rejects the promise. Handlers that wait for it get a terminal error with the
// message of reason, and its code if it has one. If the promise was resolved or rejected
// before, the error is a terminal one with code 409.
func (k PromiseKey[T]) Reject(ctx restate.WorkflowSharedContext, reason error) (err error) {
	if err := k.slot.check(sortPromiseKey); err != nil {
		return err
	}
	if reason == nil {
		return fmt.Errorf("durable: %s: Reject without a reason", k.slot)
	}
	promise, err := k.promise(ctx)
	if err != nil {
		return err
	}
	defer sdk.Rescue(&err)
	if failure := promise.Reject(reason); failure != nil {
		return failure
	}
	return nil
}

func (k PromiseKey[T]) promise(ctx restate.WorkflowSharedContext) (p restate.DurablePromise[payload.Payload[T]], err error) {
	defer sdk.Rescue(&err)
	return restate.Promise[payload.Payload[T]](ctx, k.slot.name, restate.WithCodec(k.slot.codec)), nil
}
