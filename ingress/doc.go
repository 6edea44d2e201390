// Package ingress calls Restate services from code outside handlers: HTTP
// controllers, jobs, tests. Calls are typed by method expressions, without
// strings and without generated code, in the words that package fxrestate has for
// calls inside handlers.
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
// The method says which handler is meant and what goes in and out; the compiler
// refuses a wrong input, a method of another type, and an object without a key:
//
//	receipt, err := ingress.Call(ctx, payments, (*Payments).Charge, charge)
//	total, err := ingress.Call0(ctx, carts.Key(id), (*Cart).Total)
//	err = ingress.CallVoid(ctx, signups.ID(user), (*Signup).Confirm, code)
//
// [Call] lists the names for the shapes of methods. The examples of this package
// run against a real server: [Call], [Call0], [CallVoid], [Named].
//
// # Sends
//
// [Send] returns as soon as the server has the call and gives a handle, an
// [Handle]. The submission of a workflow is a send of its main handler:
//
//	sent, err := ingress.Send(ctx, payments, (*Payments).Charge, charge, restate.WithDelay(time.Hour))
//	receipt, err := sent.Attach(ctx)               // waits
//	receipt, ready, err := sent.Output(ctx)        // does not
//
// The handle of an earlier invocation comes from its id or from what identified
// it then:
//
//	ingress.HandleOf[Receipt](client, id)
//	ingress.Lookup(payments, (*Payments).Charge, restate.WithIdempotencyKey(orderID))
//	ingress.Lookup(signups.ID(user), (*Signup).Run)
//
// [Handle.ID] asks the server for the id of such a handle.
//
// # Events
//
// [Client.ResolveAwakeable] and [Client.RejectAwakeable] complete what a handler
// waits for. A promise of a workflow is completed by a handler of the workflow.
//
// For a named signal the server, as of 1.7.12, has no HTTP API: neither its
// ingress nor its admin API knows a path for it, which a test of this package
// watches. A signal from outside goes through a handler that passes it on with
// restate.ResolveSignal or restate.RejectSignal:
//
//	func (*Approvals) Decide(ctx restate.Context, d Decision) error {
//		restate.ResolveSignal(ctx, d.InvocationID, "decision", d.By)
//		return nil
//	}
//
//	err := ingress.CallVoid(ctx, approvals, (*Approvals).Decide, decision)
//
// Such a handler decides who may send which signal, which a path of the server's
// own would not. See the example named signal.
//
// # Errors
//
// Three types say what went wrong, for errors.As. Every other error is a mistake
// in the arguments, before any request, or a result that does not decode.
//
//   - [*Error]: an answer that says no. Its Source tells the terminal error of a
//     handler from a refusal of the server, so a handler's own 404 is no
//     [ErrNotFound]. See also [ErrNotReady] and [ErrUnavailable].
//   - [*ConnectionError]: no complete answer. Whether the call was accepted is
//     not known.
//   - [*RequestError]: a bad request to a route, below.
//
// A call with restate.WithIdempotencyKey is safe to repeat, and then the client
// does so by itself when the connection breaks or the server is overloaded, as it
// does for the submission of a workflow, Attach and Output: see [Retry].
//
// # Routes
//
// [Handler] mounts a handler as a route of chi or http.ServeMux in one line, with
// path, query and body as its key and input, the Idempotency-Key forwarded, and
// errors as problem details (RFC 9457). [StatusHandler] is the route for what
// became of a send, and [Verify] the middleware for webhooks:
//
//	r.Post("/carts/{key}/items", ingress.Handler(carts, (*Cart).AddItem, nil))
//	r.Post("/signups/{id}", ingress.Handler(signups, (*Signup).Run,
//		&ingress.Route{Send: true, StatusPath: "/invocations/{id}"}))
//	r.Get("/invocations/{id}", ingress.StatusHandler(client))
//	r.With(ingress.Verify(0, checkSignature)).Post("/webhooks/payments", …)
//
// # Why not the SDK's client
//
// The SDK has an ingress client too, and [Client.Raw] returns it; [ServiceNameOf],
// [ObjectNameOf] and [WorkflowNameOf] give it the names of types. This package
// does not build on it. That client puts keys into URLs as they are, so that a
// key from outside can name another handler; it drops the headers of answers, and
// with them the invocation's id; it takes a terminal error with a code like 200
// for a success; an error that is not JSON loses its status; and it makes a JSON
// schema of the input for each call. Its options for calls are used here as they
// are.
//
// The package needs restate-server 1.7 or later, whose paths have the verb in
// front and whose attach and output take a body: earlier paths leave room for a
// key to be taken for a handler's name, and do not decode idempotency keys.
//
// See https://docs.restate.dev/services/invocation/http.
package ingress
