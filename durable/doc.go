// Package durable has the building blocks that stand beside the SDK's functions inside
// handlers. It needs no application framework.
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
// The SDK's functions work as they are: restate.Run, Sleep, Get and Set, Promise,
// Awakeable. Beside them are [Saga], which undoes what was done when a later step
// fails; [StateKey] and [PromiseKey], which declare name, type and codec once;
// [Future], with [All], [First], [Any], [Some] and OrTimeout, for waiting over
// operations of different types; [Race], which cancels the calls that lose; [Now],
// [IsTimeout] and [IsCancelled].
//
// # The context
//
// A handler's ctx can be passed on as a plain context.Context. [FromContext] and
// its variants get the Restate context back from it, or say clearly why they cannot:
// inside restate.Run, in a shared handler that asks to write, outside a handler, and
// after its end.
//
// The ctx ends with the handler, and belongs to its goroutine. The SDK would let
// whoever keeps it write into the state of another invocation. So each operation of
// ctx, of contexts made from it, and of the futures, clients, keys and iterators made
// with it, is refused before it reaches the SDK
//
//   - once the handler has returned: [ErrReturned]. An operation in which another
//     goroutine still waits is ended with the same error;
//   - while another one is under way on another goroutine: [ErrConcurrentUse]; in the
//     closure of a restate.Run it is [ErrInsideRun] too.
//
// Functions of this package return the error. It is not terminal. Functions of the
// SDK have no errors but terminal ones, by which a mistake of the program would end
// the invocation, and some have none: they panic with the error, and the invocation is
// retried. A goroutine that outlived its handler gets the error where there is one to
// return, and the panic from restate.Set, restate.RunAsync and their like only.
//
// As every panic on a goroutine of the program's own, such a one ends the process
// unless the goroutine recovers. That is deliberate: a state that was not written must
// not look as if it were. [StateKey.Set], rpc.Send and the other forms of
// these packages return the error there as well. The first misuse of each kind in an attempt is
// logged at ERROR.
//
// What the attempt knows can be read at any time: values, the request, the key, the
// logger. Three things nobody sees: a second goroutine that begins its operations only
// while no other is under way (their order differs from attempt to attempt, which the
// server notices at best), the generator of restate.Rand once it is made, and handlers
// that this framework does not serve.
//
// [PerInvocation] gives each attempt its own instance of a type. The headers of the
// request are those of the caller and the same in every attempt; the attempt's own
// headers are not. [KafkaRecordOf] reads those of a record from Kafka.
package durable
