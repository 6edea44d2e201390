// Package handler says what a Restate handler is: it reads the methods of a
// struct into descriptors and finds the handler that a method expression names.
// It is the one place with reflection; everything else works with descriptors.
//
// A handler is an exported method whose first parameter is one of the SDK's
// contexts. The context's type decides the kind of the service and the mode of
// the handler, by the rules of restate.Reflect:
//
//	restate.Context                 service
//	restate.ObjectContext           virtual object, exclusive handler
//	restate.ObjectSharedContext     virtual object, shared handler
//	restate.WorkflowContext         workflow, its main handler Run
//	restate.WorkflowSharedContext   workflow, shared handler
//
// Unlike restate.Reflect, which panics at the first mistake and skips some in
// silence, [Spec.Describe] returns every mistake at once, each a [Problem] that
// names the type, the method, its place in the source and what to write instead.
//
// Inputs and results of the SDK's JSON codec are those of encoding/json. What that
// never encodes is a [Problem] with the path of the field, and discovery gets a JSON
// Schema of what it writes: see [InputPayload] for what types and tags can add.
//
// A method that is not exported is no handler, and nothing can say so: Go shows
// such methods to nobody but the package that they stand in.
//
// See https://docs.restate.dev/develop/go/services.
package handler
