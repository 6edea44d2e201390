// Package httpserver serves an application's own HTTP API, such as a chi router, so
// that starting and stopping it is right.
//
// In an fx application use fxrestate.HTTPServer, which makes the calls below in the
// right places:
//
//	fxrestate.HTTPServer(NewRoutes) // func NewRoutes(client *ingress.Client) chi.Router
//
// Without fx, a server lives through these calls:
//
//  1. [Server.Start] listens. The probes answer; every other request is answered 503
//     with Retry-After.
//  2. [Server.Open] serves the routes.
//  3. [Server.Drain] ends the contexts of streams at once, and waits for the requests
//     that are under way. New ones are answered 503 with Retry-After.
//  4. [Server.Stop] closes the listener and the connections.
//
// A stream is a response that was flushed while its handler runs, such as server-sent
// events, or whose connection was hijacked, such as a websocket. Its handler must
// return when the context of its request ends. http.Server.Shutdown waits for streams,
// and thereby fails.
//
// # A mounted endpoint
//
// An endpoint that is mounted among the routes drains while the server still serves it:
//
//	server.Drain(ctx)                                      // the API; with Config.Outlast set to e.IsInvocation
//	err := errors.Join(e.Stop(ctx), server.Stop(ctx))      // the endpoint, then the server
//
// fxrestate.HTTPServer does so by itself.
package httpserver
