// Package fxrestate is an application framework for Restate on go.uber.org/fx:
// plain structs become durable services. fx constructs them, [Module] serves them
// to Restate and registers them.
//
//	type Payments struct{ gateway Gateway }
//
//	func NewPayments(g Gateway) *Payments { return &Payments{g} }
//
//	func (p *Payments) Charge(ctx restate.Context, in Charge) (Receipt, error) {
//		return restate.Run(ctx, func(ctx restate.RunContext) (Receipt, error) {
//			return p.gateway.Charge(ctx, in)
//		}, restate.WithName("charge-card"))
//	}
//
//	func main() {
//		fx.New(
//			fxrestate.Module,
//			fx.Provide(fxrestate.ConfigFromEnv, NewGateway),
//			fxrestate.Service[*Payments](NewPayments),
//		).Run()
//	}
//
// # Services, virtual objects, workflows
//
// [Service], [Object] and [Workflow] register a struct through its constructor.
// Its exported methods that take a context of the SDK first are the handlers;
// they have at most one input, and return a result, an error, both or nothing.
// Options are those of the SDK, which work on a service and inside [Handler], and
// [Name], [Naming], [HandlerName] and [Exclude]. [Config].Defaults apply to all
// services. Definitions that were built in another way join with [Definition]. An
// input that embeds [In] takes headers and the key as well, and a handler with
// [Raw] decodes its body itself.
//
// What is wrong with a struct, its options or the configuration is an error of
// fx.New: all mistakes at once, each with its place and what to write instead.
//
// # Calling handlers
//
// Registering a struct makes its [ServiceClient], [ObjectClient] or
// [WorkflowClient] injectable. Inside handlers the verbs take such a client and a
// method expression, which names the handler and gives the call its types. Each
// verb has a form for each shape of method: see [Call].
//
//	// Call and wait.
//	receipt, err := rpc.Call(ctx, o.payments, (*Payments).Charge, in)
//	total, err := rpc.Call0(ctx, o.carts.Key(id), (*Cart).Total)
//
//	// Send: it runs on its own, now or later, and once per idempotency key.
//	sent, err := rpc.Send(ctx, o.mails, (*Mails).Receipt, receipt)
//	_, err = rpc.SendVoid(ctx, o.carts.Key(id), (*Cart).Expire, in,
//		restate.WithDelay(time.Hour), restate.WithIdempotencyKey(in.ID))
//
//	// Call, and wait later, perhaps for several together.
//	quote, err := rpc.Start(ctx, o.shop, (*Shop).Quote, item)
//	price, err := durable.FutureOf(quote, quote.Response).OrTimeout(ctx, time.Minute).Await(ctx)
//
//	// What was sent: its result, its end, and its id for another time.
//	receipt, err := sent.Attach(ctx)
//	err = sent.Cancel(ctx)
//	receipt, err = rpc.HandleOf[Receipt](sent.ID()).Attach(ctx)
//
//	// A service of another application, by a contract that [RemoteService] declares.
//	rate, err := rpc.Call(ctx, o.rates, (*Rates).Quote, "EUR")
//
//	// By names alone.
//	text, err := rpc.Named[string, string]("Greeter", "greet").Call(ctx, "Ada")
//
//	// With options for the client.
//	receipt, err := rpc.Call(ctx, o.payments.With(restate.WithInputCodec(codec)), (*Payments).Charge, in)
//
// Outside handlers, in HTTP controllers and jobs, package ingress has the same
// verbs; its *ingress.Client is injectable, and works from the start of what
// depends on it, since that starts after the registration.
//
// Sends of one handler to one object run in the order in which it sent them.
//
// An exclusive handler holds its object until it returns, also while it waits.
// So a call that comes back to the same object, on whatever way, waits for ever, as
// do two objects that call each other: let one of them send, or make the handler that
// is called a shared one. Only a cancellation ends such a deadlock
// (https://docs.restate.dev/develop/go/service-communication). And it is better to
// send with a delay to oneself than to sleep: meanwhile others get in.
//
// Calls, like all durable operations, belong to the goroutine that runs the handler.
// For what is to go on at the same time there are [Future] and restate.RunAsync; a
// goroutine may work inside the closure of a restate.Run only.
//
// A negative delay is none, as are a negative time of [After], [Pending.OrTimeout] and
// of the SDK's Sleep and After: they are over at once. Zero bytes as a result, which a
// TypeScript handler that returns undefined answers, are nil for pointers, maps, slices
// and interfaces, and the zero of [Void].
//
// # Building blocks
//
// The SDK's functions work as they are: restate.Run, Sleep, Get and Set, Promise,
// Awakeable. Beside them are [Saga], which undoes what was done when a later step
// fails; [StateKey] and [PromiseKey], which declare name, type and codec once;
// [Pending], with [All], [First], [Any] and OrTimeout, for waiting over futures of
// different types; [Race], which cancels the calls that lose; [Now], [IsTimeout] and [IsCancelled].
//
// # The pipeline
//
// [Guards], [Interceptors], [Pipes], [Filters], [Observers] and more are attached
// to all handlers with [Use], to a service, or to a handler inside [Handler]. Each
// takes values and constructors. Package pipeline says what they are and when they
// run, also on replay.
//
// # The context
//
// A handler's ctx can be passed on as a plain context.Context. [FromContext] and
// its kin get the Restate context back from it, or say clearly why they cannot:
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
// not look as if it were. [StateKey.Set], [Send] and the other forms of this package
// return the error there as well. The first misuse of each kind in an attempt is
// logged at ERROR.
//
// What the attempt knows can be read at any time: values, the request, the key, the
// logger. Three things nobody sees: a second goroutine that begins its operations only
// while no other is under way (their order differs from attempt to attempt, which the
// server notices at best), the generator of restate.Rand once it is made, and handlers
// that this framework does not serve.
//
// [Scoped] gives each attempt its own instance of a type. The headers of the request
// are those of the caller and the same in every attempt; the attempt's own headers
// are not. [KafkaRecordOf] reads those of a record from Kafka.
//
// # Start and stop
//
// On start the endpoint listens, the SDK warms up, and, if Config.Register is
// set, the endpoint is registered with the admin API. On stop attempts that wait are
// suspended, new ones are let in until there are none for a moment, for a second at
// the most, and those that compute get until the drain timeout. Handlers that do not
// return in time are named in the log. Nothing is lost: Restate goes on with them elsewhere or
// later. [Health] tells how far it is.
package fxrestate
