// Package pipeline is what runs around a handler of Restate: guards,
// interceptors, pipes, filters, and the chain that runs them.
//
// Whoever knows middleware knows most of it. What is different is that the code
// of a handler does not run once: an invocation that waits is suspended and goes
// on in another attempt, one that fails is tried again, and each attempt runs the
// handler from its beginning, with the results of its earlier operations replayed
// from the journal
// (https://docs.restate.dev/concepts/durable_execution). Everything around the
// handler runs again too. This package keeps what follows from that: a guard
// does not change its mind in the middle of an invocation, a replay is not
// counted as a request, and nothing swallows a suspension.
//
// # The order
//
//	observers: Started
//	guards                   global, group, service, handler
//	interceptors, outside in global, group, service, handler
//	  decode the input
//	  pipes                  global, group, service, handler
//	    the handler
//	interceptors, inside out
//	encode the result                     or, with an error, as with that of a step:
//	                                        filters        handler, service, group, global
//	                                        error mapping  handler, service, group, global
//	                                        dead letter
//	observers: Ended
//
// Within a level the order is that of the program. Members are attached with
// options of package fxrestate, as values or constructors; [Stages] are what it
// makes of them, and [Chain.String] shows the result.
//
// # Writing an interceptor
//
// An [Interceptor] gets the handler's context and calls next. It is attached with
// fxrestate.Interceptors, to all handlers, a service or a handler:
//
//	type Tracing struct{ log *slog.Logger }
//
//	func (t *Tracing) Intercept(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
//		if !inv.Replaying() {
//			t.log.InfoContext(ctx, "begun", "tenant", inv.Header("x-tenant"))
//		}
//		result, err := next(ctx, inv)
//		if err != nil {
//			return nil, fmt.Errorf("tenant %s: %w", inv.Header("x-tenant"), err)
//		}
//		return result, nil
//	}
//
// This is right because:
//
//   - It calls next once, with inv and with ctx (or one made from it with
//     restate.WithValue), on its own goroutine, and returns after it. A second
//     call does nothing and returns [ErrNextTwice].
//   - What it does for each attempt is harmless when done again. It does not
//     charge, mail or count invocations: such things go into restate.Run, or into
//     an [Observer].
//   - It decides nothing by the time, by chance, by a variable that another
//     invocation changes, or by [Invocation.AttemptHeader]: on replay it would
//     decide otherwise, and the operations of the handler no longer fit the
//     journal (error RT0016). Whatever it reads of inv otherwise is the same in
//     every attempt. If something that changes has to decide, it reads that in
//     restate.Run, which keeps the value.
//   - After an error that is going to be retried it does nothing durable: the
//     next attempt may go well, and would not find in the journal what it does.
//     A terminal error is the same in every attempt.
//   - It expects that next may not return. Suspension unwinds the goroutine with
//     a panic of the SDK's, so code after next does not run, deferred functions
//     do, and neither can tell how the attempt ended. An interceptor does not
//     open what it has to close, does not defer anything that touches ctx, and
//     does not recover.
//   - It returns the error that it got, wrapped or not. A terminal error
//     (restate.ToTerminalError) ends the invocation, also when wrapped; any other
//     makes Restate try again. Returning a result instead of an error completes
//     the invocation: that is possible, and meant for fallbacks.
//   - It takes an error that wraps [ErrAborted] for what it is: the attempt is
//     over, whatever the error says besides, and so there is nothing to fall back
//     from. A result that it returns then is dropped.
//   - It has no state of an invocation in its fields: one instance serves all,
//     at once.
//
// The result is what the method returned, in the type in which it declares it
// (Receipt or *Receipt, say), and nil for one that returns an error alone. Handlers
// that decode and encode for themselves, such as those of a foreign
// restate.ServiceDefinition, have it encoded, as []byte. What an interceptor
// returns in its place has to be of the same type: it is encoded after the
// outermost one. For a [StepInterceptor] the result is what the closure returned,
// and what restate.Run then decodes into the type of the closure.
//
// # Guards
//
// A [Guard] says who comes in. It answers once per invocation: while the journal
// is replayed it is not asked. It has a plain context and cannot journal; one that
// must do so is a [DurableGuard], declared as Durable(g), and runs like handler
// code. A refusal is a terminal error with code 403. The same guard can stand in
// front of an HTTP route, see package httpguard.
//
// The rule is that an attempt which replays was let in. An attempt that failed
// before it journaled anything (nothing sent, no state written, no closure run)
// leaves nothing to replay, and the next one asks the guards again.
//
// # Pipes
//
// A [Pipe] gets the decoded input and returns it, changed or not, or an error.
// Package validate has one that checks.
//
// # Errors
//
// An error is retried unless it is terminal. On its way out, first a [Filter] may
// replace it, such as that of package httperror or one made with [Catch]; then, if it
// is still not terminal, AsTerminalError of [Stages] may make it so. The errors of
// restate.Run closures go the same way, where they happen: in a step a terminal error is
// the result, and ends its retries. Neither can make an error go away. [RetryAfter] says when to try again, [Pause] that
// somebody has to look first, and a [DeadLetter] hands on what failed for good.
//
// A panic of user code is an error too: a [*PanicError] with the stack, which
// interceptors and filters see and which is retried unless they decide otherwise.
// So is runtime.Goexit in a restate.Run closure; anywhere else it aborts the attempt.
// Observers are told of either at once; [LogPanics] logs it, also while the
// invocation replays.
//
// An error is code, and need not behave. It is looked at where user code returns it.
// If its Error panics, or its text is longer than 4 KiB or not UTF-8, or its chain
// has no end, an error with a safe text takes its place, in which errors.Is and
// errors.As find what they found in it; a type assertion does not. A method Is or As
// that panics does so in the filter that calls it. A method that blocks blocks the
// attempt: nobody can stop it.
//
// What goes to logs and to Restate is bounded: 4 KiB for the text of an error or a
// panic, 16 KiB for a stack, and 64 KiB for the message of a terminal error, which a
// program gives on purpose. Restate and the caller get no stack.
//
// # Outcomes
//
// Every attempt ends in exactly one [Outcome], which observers are told:
// completed, terminal, retryable, suspended or aborted. Nobody else hears of a
// suspension. An attempt is aborted when its context has ended, since the stream
// to Restate is gone or this process is about to stop, or when the handler's
// goroutine ended with runtime.Goexit. Nothing of it becomes the result of the
// invocation, neither a terminal error nor what the handler returned: Restate gets,
// if it still listens, an error that wraps [ErrAborted], and tries again. No filter
// sees that error. Interceptors get it from next, so that they do not take it for
// a failure. A context of the program's own that ends, such as one with a
// deadline, aborts nothing.
//
// What the SDK panics with is not the user's: suspension, and failures such as a
// value that cannot be encoded or a journal that does not match. It passes
// through all stages as it is. Whose a panic is, the stack tells: the SDK's is one
// that code of the SDK's module raised.
//
// Nobody recovers a suspension for good. Whoever does, be it an interceptor or the
// handler itself, has it raised again behind them, and the attempt is suspended
// whatever they return; a warning in the log says so. The same holds for a failure of
// the SDK's state machine. After another panic of the SDK's, such as that about a value
// that does not encode, a handler that recovers it goes on, and an interceptor does
// not.
//
// # Steps and calls
//
// A [StepInterceptor] runs around each restate.Run closure that is executed, never
// on replay: the place for side effects, metrics of them, a timeout (package
// steptimeout) or a limit (package concurrency). A [CallInterceptor] runs around calls
// and sends to other handlers made with typed clients, and can add headers.
//
// # Ready-made members
//
// Members that need nothing but the public interfaces are in folders of their own:
// packages httpguard, validate, httperror, steptimeout, concurrency and fault. What the
// chain itself knows is here: [Durable], [Catch], [PipeOf], [LogPanics] and
// [DeadLetter].
//
// # Running a chain
//
// This is for packages that serve handlers. [Check] tells what is wrong with a
// member before it runs. [Compile] composes the [Chain] of a handler once, of its
// [handler.Target], its [Method] and its [Stages], and [Chain.Call] runs an attempt
// with the SDK's context. Typed clients make their calls through
// [Invocation.WrapCall]. [StageOf] tells when a context must not be turned into a
// Restate context.
package pipeline
