// Package rpc has typed calls from handler to handler.
//
// Registering a struct with package fxrestate makes its client injectable: a [Service],
// an [Object] or a [Workflow] of its type. The verbs take such a client and a method
// expression, which names the handler and gives the call its types. Each verb has a form
// for each shape of method: see [Call].
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
//	price, err := quote.OrTimeout(ctx, time.Minute).Await(ctx)
//
//	// The handle of what was sent.
//	receipt, err := sent.Attach(ctx)
//	err = sent.Cancel(ctx)
//	id, err := sent.ID(ctx)
//	receipt, err = rpc.HandleOf[Receipt](id).Attach(ctx)
//
//	// A service of another application, by a contract that fxrestate.RemoteService declares.
//	rate, err := rpc.Call(ctx, o.rates, (*Rates).Quote, "EUR")
//
//	// By names alone.
//	text, err := rpc.Named[string, string]("Greeter", "greet").Call(ctx, "Ada")
//
//	// With options for the client.
//	receipt, err := rpc.Call(ctx, o.payments.With(restate.WithInputCodec(codec)), (*Payments).Charge, in)
//
// The failure of a call is a [*CallError], which tells the handler and its invocation.
//
// Outside handlers, in HTTP controllers and jobs, package ingress has the same names: the
// verbs, the clients, the handle of what was sent and the error of a failed call. Its
// *ingress.Client is injectable. What depends on it starts after the registration.
//
// Sends of one handler to one object run in the order in which it made them.
//
// An exclusive handler holds its object until it returns, also while it waits. So a call
// that comes back to the same object waits for ever, and so do two objects that call each
// other. Only a cancellation ends such a deadlock. To avoid it, let one of them send, or
// make the called handler a shared one
// (https://docs.restate.dev/develop/go/service-communication). Likewise, send to yourself
// with a delay rather than sleep: meanwhile other handlers of the object run.
//
// Calls, like all durable operations, belong to the goroutine of the handler. To do things
// at the same time, use [Start] and restate.RunAsync. Other goroutines may only run inside
// the closure of a restate.Run.
//
// A negative delay counts as zero, as does a negative time of durable.After, OrTimeout and
// of the SDK's Sleep and After. An empty result, which a TypeScript handler that returns
// undefined sends, is nil for pointers, maps, slices and interfaces, and the zero
// restate.Void.
package rpc
