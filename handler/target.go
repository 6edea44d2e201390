package handler

import "reflect"

// Target is the description of a handler that members of a pipeline, clients, errors and
// logs share. It is known before the first call. It must not be changed once it is in
// use.
type Target struct {
	// Service and Handler are the names on the wire.
	Service, Handler string
	// Kind and Mode determine what the handler's context can do.
	Kind Kind
	Mode Mode
	// Metadata and ServiceMetadata are the metadata of the handler and of the service
	// in Restate, see restate.WithMetadata.
	Metadata, ServiceMetadata map[string]string
	// Values and ServiceValues are values of any type that the program attached to the
	// handler and to the service. Members of the pipeline read them with
	// pipeline.MetadataOf. Restate does not see them.
	Values, ServiceValues []any
	// Type and Method are the registered struct and the name of its method. They are
	// nil and empty for a handler that is not a method.
	Type   reflect.Type
	Method string
}

// String returns "service/handler", as Restate writes a target. If one of them is empty,
// it returns the other.
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

// Role describes kind and mode for people: "service", "virtual object, exclusive",
// "virtual object, shared", "workflow run" or "workflow, shared". It is empty for a zero
// Target.
func (t *Target) Role() string {
	switch t.Mode {
	case Concurrent:
		if t.Kind == 0 {
			return ""
		}
		return t.Kind.String()
	case Run:
		return t.Mode.String()
	default:
		return t.Kind.String() + ", " + t.Mode.String()
	}
}
