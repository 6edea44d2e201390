// Package endpoint serves handlers to Restate. Package fxrestate does it for an fx
// application; use this package to serve without fx, or to understand what is
// served.
//
//	desc, err := handler.Spec{Type: reflect.TypeFor[*Greeter]()}.Describe()
//	…
//	e, err := endpoint.New(endpoint.Config{}, logHandler, endpoint.Definition(desc, &Greeter{}))
//	…
//	if err := e.Start(ctx); err != nil { // listens on port 9080
//		return err
//	}
//	defer e.Stop(context.Background())
//
// An endpoint does not register itself: the server has to be told its URL, with
// package deployment or `restate deployments register`.
//
// # What is served
//
// [Definition] makes the SDK's definition of a handler struct. Its discovery
// manifest is the one that restate.Reflect gives for the same struct and options, but
// for JSON schemas and for handlers without input: see there. [Foreign] takes any
// other definition of the SDK in, its manifest unchanged. The handlers of both run in
// the scope of an attempt, which is what durable.FromContext finds.
//
// # Where it is served
//
// In mode [Listen] the endpoint has a server of its own, for HTTP/2 in clear text
// and HTTP/1.1 on one port, or for TLS. In mode [Mounted] it is a part of a server
// of yours, at the root or below a prefix:
//
//	r := chi.NewRouter()
//	r.Mount("/restate", e.Under("/restate")) // register http://host/restate
//
// That server must speak HTTP/2 (http.Protocols with SetUnencryptedHTTP2), or the
// deployment be registered for HTTP/1.1. It must not have a write timeout, and
// middleware around must not buffer; a ResponseWriter that it wraps must have a
// method Unwrap, as chi's have. The server is shut down after [Endpoint.Stop], which
// drains while it still serves. fxrestate.HTTPServer is such a server. In mode [Lambda] nothing listens and
// [Endpoint.LambdaHandler] takes the events.
//
// # Versions at one address
//
// With [Config].Version everything is served below "/v/<name>", and that is the path to
// register: [Endpoint.VersionPath] has it, and fxrestate appends it to Register.URL.
// Invocations are pinned to the URL on which they began, so each version serves its own
// only, while processes of several versions stand behind one address during a rollout.
// What is of another version, or of one where there is none, gets a 503 with Retry-After:
// the server comes back after a second and does not count it as an attempt. The log says
// so, once a second at the most, with both versions. A version may go on with invocations
// of others that [Version].Compatible names. Processes of the old version must run until
// no invocation is pinned to it.
//
// # What is let in
//
// An attempt is let in once its journal has arrived, in the order of arrival, as
// long as fewer than [Config].MaxInFlight run and their messages are smaller than
// [Config].MaxInFlightBytes together. What comes beyond waits. Meanwhile attempts
// that have only waited for something for [Config].SuspendAfter are suspended,
// those that wait longest first: Restate resumes them when it is there. So the
// handlers of an endpoint may call each other at any limit, and the throughput is
// that of the work: 2,000 invocations of 100 ms at a limit of 20 take 11 s, of which
// the work is 10. What waits for five seconds is answered 503 with Retry-After,
// which the server honours and does not count as an attempt.
//
// Requests that are sent in part take no place, and what stops arriving for ten
// seconds is answered 408. A message larger than [Config].MaxMessageBytes is
// refused before it arrives. Connections without requests are closed after two
// minutes; [Config].Configure may change that.
//
// With [Config].IdentityKeys only requests that one of these servers signed are
// taken (https://docs.restate.dev/services/security#locking-down-service-access),
// whatever the path; GET /health is open. Signatures are verified before anything
// else, and refusals are logged once a second at the most, with their number. What is neither discovery nor an
// invocation of a known handler is refused before the SDK sees it.
//
// # How it stops
//
// A stop costs callers less than a crash would. At first invocations are still let
// in: they end in milliseconds, while one that is turned away comes back a second
// later. Attempts that have waited for something for [Config].SuspendAfter are
// suspended, which is no failure: Restate resumes them, here or elsewhere, when what
// they wait for is there. At the first moment without attempts the listener and the
// connections are closed, and whoever comes next under the same URL goes on.
//
// If there is no such moment within a second, new invocations are answered 503 with
// Retry-After, and all attempts are suspended where they next wait. Those that
// compute go on until then, a step of theirs is journaled, and what is left after
// [Config].DrainTimeout is cut: its context ends and Restate retries it. A handler
// that does not end with its context is named in the log, and [Endpoint.Stop]
// returns an error that names it, before its time is over.
//
// Invocations are pinned to the URL that they began on: come back under the same
// one (https://docs.restate.dev/services/versioning), and with the same Version.
package endpoint
