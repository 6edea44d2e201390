// Package durable has the building blocks that handlers use beside the SDK's functions.
// It needs no application framework.
//
// A building block is declared once, as a variable of the package beside the handlers:
// its name, its type and its codec. The compiler then checks each use.
//
//	var (
//		items    = durable.NewStateKey[[]Item]("items")
//		approval = durable.NewAwakeable[Decision]("approval")
//		charge   = durable.NewStep[Receipt]("charge-card", durable.Retry{MaxAttempts: 5})
//	)
//
//	func (*Cart) Add(ctx restate.ObjectContext, item Item) error {
//		all, err := items.Get(ctx)
//		if err != nil {
//			return err
//		}
//		return items.Set(ctx, append(all, item))
//	}
//
// These are the building blocks:
//
//   - [StateKey] is a key of the state, [PromiseKey] a promise of a workflow.
//   - [Awakeable] is a value that comes from elsewhere, under an id.
//   - [Step] is a side effect whose result is journaled.
//   - [Future] is one type for all operations that are under way. [All], [First], [Any],
//     [Some], [AllSettled] and [Future.OrTimeout] combine futures, and [CancelRest]
//     cancels the calls that lost.
//   - [Saga] undoes what earlier steps did if a later one fails.
//   - [Header] is a header of the caller, [Now] the current time, and [PerInvocation] an
//     instance for each attempt.
//
// The SDK's own functions work as they are: restate.Run, Sleep, Get, Set, Promise,
// Awakeable.
//
// # Errors
//
// Functions of this package return an error and do not panic. The exception is to
// register a compensation inside restate.Run: see [Compensations]. Mistakes of the
// program, such as a value that does not encode or a declaration without a name, are
// errors that are not terminal: the invocation is retried, and continues when the mistake
// is fixed and deployed.
//
// Ask [IsTimeout], [IsCancelled] and [IsSelfCancelled] how waiting ended. The journal keeps the code, the
// message and the metadata of an error, so there is no variable for errors.Is.
//
// # The context
//
// A handler can pass its ctx on as a plain context.Context. [FromContext] and its
// variants get the Restate context back. They return an error inside restate.Run, for a
// shared handler that asks for a context that writes, outside a handler, and after the
// handler has returned.
//
// The ctx ends with the handler and belongs to its goroutine. The SDK alone would let a
// ctx that outlived its handler write into the state of another invocation. So an
// operation fails before it reaches the SDK
//
//   - after the handler has returned, with [ErrReturned]. An operation in which another
//     goroutine still waits ends with the same error;
//   - while another operation is under way on another goroutine, with
//     [ErrConcurrentUse];
//   - inside the closure of a step (restate.Run, restate.RunAsync, [Step]), with
//     [ErrInsideRun]. That is so for the ctx of the handler too, and also if the handler
//     does not wait for the step. Use the ctx of the closure there, for what is not
//     durable.
//
// That is so for ctx, for contexts made from it, and for the futures, clients, keys and
// iterators made with it. The first misuse of each kind in an attempt is logged at ERROR.
//
// Functions of this package and of package rpc return the error, which is not terminal.
// The SDK's functions can only return terminal errors, which would end the invocation
// because of a mistake of the program, and some return none. They panic with the error
// instead, and the invocation is retried. On a goroutine that outlived its handler they
// return the error if they have one. Only restate.Set, restate.RunAsync and others
// without an error panic there, and such a panic ends the process unless the goroutine
// recovers. That is deliberate: a write that did not happen must not look as if it had.
// [StateKey.Set] and rpc.Send return the error.
//
// What the attempt knows can be read at any time: values, the request, the key, the
// logger. Three things are not detected: a second goroutine, also one that a step
// started, that begins its operations only while no other is under way (their order
// differs from attempt to attempt, which the server may notice), the generator of
// restate.Rand after it was made, and handlers that this framework does not serve.
//
// The headers of the request are those of the caller, and the same in every attempt.
// [Header] finds one, whatever the case of its name and wherever below the handler.
package durable
