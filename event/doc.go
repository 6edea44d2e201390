// Package event has what happens to an application as a whole as types: that it serves, is
// registered or is not, subscribes to Kafka, drains, stops, refuses requests, and which
// invocations are stuck. The set is closed. What happens to single attempts is told to a
// pipeline.Observer.
//
// An event is a line of the log that has a type. [Log] writes the line, and tells the event
// to the logger's handler if [Observe] made it. So whatever takes a logger, such as
// endpoint.New and deployment.NewRegistrar, tells its events too:
//
//	log := slog.New(event.Observe(handler, func(e event.Event) {
//		if _, ok := e.(event.NotRegistered); ok {
//			notRegistered.Add(1)
//		}
//	}))
//
// In an application of package fxrestate, use fxrestate.OnEvent.
package event
