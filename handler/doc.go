// Package handler describes Restate handlers. It reads the methods of a struct into
// descriptors, and finds the handler that a method expression names. Only this
// package uses reflection on handler structs; other packages use descriptors.
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
// restate.Reflect panics at the first mistake, and skips some mistakes silently.
// [Spec.Describe] returns all mistakes at once. Each is a [Problem] that names the
// type, the method, its place in the source and what to write instead.
//
// The SDK's JSON codec encodes inputs and results with encoding/json. A type that
// encoding/json can never encode is a [Problem] with the path of the field.
// Discovery gets a JSON Schema of what encoding/json writes: see [InputPayload] for
// what types and tags can add.
//
// An unexported method is not a handler. No mistake is reported for it, because Go
// hides such methods from other packages.
//
// See https://docs.restate.dev/develop/go/services.
package handler
