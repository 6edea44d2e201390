// Package ingress calls Restate services from outside handlers: from HTTP controllers,
// jobs and tests. Inside handlers package rpc does, with the same names: the verbs, the
// clients, the handle of what was sent and the error of a failed call.
//
//	client, err := ingress.New(ingress.Config{}, registry) // http://localhost:8080
//	payments := ingress.NewService[*Payments](client)
//	carts := ingress.NewObject[*Cart](client)
//	signups := ingress.NewWorkflow[*Signup](client)
//
// An application of package fxrestate gets the *[Client] by injection.
//
// # Calls
//
// A method expression names the handler and gives the call its types. The compiler
// rejects a wrong input, a method of another type, and an object without a key:
//
//	receipt, err := ingress.Call(ctx, payments, (*Payments).Charge, charge)
//	total, err := ingress.Call0(ctx, carts.Key(id), (*Cart).Total)
//	err = ingress.CallVoid(ctx, signups.ID(user), (*Signup).Confirm, code)
//
// [Call] lists the names for the shapes of methods. [Named] calls a handler by name.
//
// Headers reach the handler, which finds them with durable.Header. They come from
// [Config], from the context ([WithHeader]), and from restate.WithHeaders of the call.
// The later ones in this order replace the earlier ones.
//
// # Sends
//
// [Send] returns as soon as the server has the call. It returns a [Handle]. To submit a
// workflow, send to its main handler:
//
//	sent, err := ingress.Send(ctx, payments, (*Payments).Charge, charge, restate.WithDelay(time.Hour))
//	receipt, err := sent.Attach(ctx)        // waits for the result
//	receipt, ready, err := sent.Output(ctx) // does not wait
//	err = sent.Cancel(ctx)
//	id, err := sent.ID(ctx)                 // for another time
//
// A handle of an earlier invocation is made from its id, or from what identified the
// call:
//
//	ingress.HandleOf[Receipt](client, id)
//	ingress.Lookup(payments, (*Payments).Charge, restate.WithIdempotencyKey(orderID))
//	ingress.Lookup(signups.ID(user), (*Signup).Run)
//
// # Events
//
// [Resolve] and [Reject] complete an awakeable that is declared with
// durable.NewAwakeable, and [AwakeableHandler] is a route that does so. To complete a
// promise of a workflow, call a handler of the workflow that does.
//
// Version 1.7.12 of the server has no HTTP API for named signals. A test of this package
// watches for one. Until then a handler passes the signal on:
//
//	func (*Approvals) Decide(ctx restate.Context, d Decision) error {
//		restate.ResolveSignal(ctx, d.InvocationID, "decision", d.By)
//		return nil
//	}
//
//	err := ingress.CallVoid(ctx, approvals, (*Approvals).Decide, decision)
//
// Such a handler can also decide who may send which signal. See the example named
// signal.
//
// # Errors
//
// These types say what went wrong, for errors.As. Every other error is a mistake in the
// arguments, which no request was made for, or a result that does not decode.
//
//   - [*CallError]: the handler failed. It has the target, the code, the message, the
//     metadata and the invocation's id. Package rpc returns the same type.
//   - [*Error]: an error response. It wraps the [*CallError] if the handler failed.
//     Otherwise the server or a gateway rejected the request: see [ErrNotFound],
//     [ErrNotReady] and [ErrUnavailable]. A handler's own 404 is not [ErrNotFound]:
//     handler.CodeOf(err) is 404 then.
//   - [*ConnectionError]: no complete response. Whether the server accepted the call is
//     not known.
//   - [*RequestError]: a bad request to a route, see below.
//
// The client retries requests that are safe to repeat: calls with
// restate.WithIdempotencyKey, the submission of a workflow, Attach and Output. See
// [Retry].
//
// # Routes
//
// [Handler] mounts a handler as a route of chi or http.ServeMux. Path, query and body
// provide the key and the input. The Idempotency-Key is passed on, and errors are problem
// details (RFC 9457). [StatusHandler] is a route for the result of a send. [Verify] is a
// middleware for webhooks:
//
//	r.Post("/carts/{key}/items", ingress.Handler(carts, (*Cart).AddItem, nil))
//	r.Post("/signups/{id}", ingress.Handler(signups, (*Signup).Run,
//		&ingress.Route{Send: true, StatusPath: "/invocations/{id}"}))
//	r.Get("/invocations/{id}", ingress.StatusHandler(client))
//	r.With(ingress.Verify(0, checkSignature)).Post("/webhooks/payments", …)
//
// # Why not the SDK's client
//
// The SDK has an ingress client too. [Client.Raw] returns it, and [ServiceNameOf],
// [ObjectNameOf] and [WorkflowNameOf] return the names that it needs. This package takes
// the SDK's options, and does not use its client, for five reasons:
//
//   - It puts keys into URLs unescaped, so that a key from outside can name another
//     handler.
//   - It drops the headers of responses, and with them the invocation's id.
//   - It takes a terminal error with a code such as 200 for a success.
//   - It loses the status of an error that is not JSON.
//   - It makes a JSON schema of the input for each call.
//
// The package needs restate-server 1.7 or later. There the verb comes first in a path,
// and attach and output take a body. In the paths of earlier versions a key can be taken
// for the name of a handler, and idempotency keys are not decoded.
//
// See https://docs.restate.dev/services/invocation/http.
package ingress
