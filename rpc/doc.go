// Package rpc has typed calls from handler to handler.
//
// Registering a struct with package fxrestate makes its client injectable: a
// [Service], an [Object] or a [Workflow] of its type. Inside handlers the verbs take such a client and a
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
//	price, err := quote.OrTimeout(ctx, time.Minute).Await(ctx)
//
//	// What was sent: its result, its end, and its id for another time.
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
// For what is to go on at the same time there are [Start] and restate.RunAsync; a
// goroutine may work inside the closure of a restate.Run only.
//
// A negative delay is none, as are a negative time of durable.After, OrTimeout and of
// the SDK's Sleep and After: they are over at once. Zero bytes as a result, which a
// TypeScript handler that returns undefined answers, are nil for pointers, maps, slices
// and interfaces, and the zero of restate.Void.
package rpc
