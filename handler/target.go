package handler

import "reflect"

// Target is what is known of a handler before anybody calls it: what the members of a
// pipeline, clients, errors and logs say of it. It must not be changed once it is in
// use.
type Target struct {
	// Service and Handler are the names on the wire.
	Service, Handler string
	// Kind and Mode say what the handler's context can do.
	Kind Kind
	Mode Mode
	// Metadata and ServiceMetadata are the handler's and the service's metadata
	// as Restate knows it, see restate.WithMetadata.
	Metadata, ServiceMetadata map[string]string
	// Values and ServiceValues are values of any type that the program gave the
	// handler and the service for members of the pipeline to read with
	// pipeline.MetadataOf. Restate does not see them.
	Values, ServiceValues []any
	// Type and Method are the struct as it was registered and the name of its method:
	// nil and empty for a handler that is none.
	Type   reflect.Type
	Method string
}

// String returns "service/handler", the way Restate writes a target, or one of them
// where the other is empty.
func (t *Target) String() string {
	switch {
	case t.Service == "":
		return t.Handler
	case t.Handler == "":
		return t.Service
	default:
		return t.Service + "/" + t.Handler
	}
}

// Role tells kind and mode, for people: "service", "virtual object, exclusive",
// "virtual object, shared", "workflow run" or "workflow, shared".
func (t *Target) Role() string {
	switch t.Mode {
	case Concurrent:
		return t.Kind.String()
	case Run:
		return t.Mode.String()
	default:
		return t.Kind.String() + ", " + t.Mode.String()
	}
}
