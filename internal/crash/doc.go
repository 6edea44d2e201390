// Package crash breaks attempts of invocations at chosen places, and finds handlers that
// do something else when they are tried again.
//
// An [Injector] stands around the http.Handler that serves handlers to Restate, in every
// process of an application (here: every time that it is built anew). It knows the frames
// of the service protocol, so that whatever sends the requests can play Restate. It
//
//   - lets the process die right before or right after an entry of a journal is sent, or
//     in the middle of its frame: see [Point];
//   - ends the body of each request after the journal, so that every attempt suspends
//     wherever it waits: see [Plan];
//   - runs each attempt a second time, beside the living one;
//   - keeps the journal of each invocation, to be compared with that of another run
//     ([Compare]) and to be replayed to the handler ([Injector.Replay]).
//
// What it finds are [Finding]s: a journal that a handler does not match, and a ctx that
// is used where it must not be.
//
//	in := crash.New(crash.Plan{Point: &crash.Point{Invocation: id, Entry: 3, When: crash.After}})
//	server.Handler = in.Process(server.Handler)
//	…
//	<-in.Died() // cut all connections, start the application anew
package crash
