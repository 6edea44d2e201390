package pipeline

// Kind says what sort of handler runs and, with it, what its context can do
// (https://docs.restate.dev/foundations/handlers). Invocations that are not of
// Restate have no Kind.
type Kind string

// The kinds of handlers.
const (
	KindService        Kind = "service"
	KindObject         Kind = "object"
	KindObjectShared   Kind = "object shared"
	KindWorkflow       Kind = "workflow"
	KindWorkflowShared Kind = "workflow shared"
)

// Target is what is known of a handler before anybody calls it. It must not be
// changed once a [Chain] was compiled with it.
type Target struct {
	// Service and Handler are the names on the wire.
	Service, Handler string
	// Kind of the handler.
	Kind Kind
	// Metadata and ServiceMetadata are the handler's and the service's metadata
	// as Restate knows it, see restate.WithMetadata.
	Metadata, ServiceMetadata map[string]string
	// Values and ServiceValues are values of any type that the program attached
	// to the handler and to the service for members of the pipeline to read with
	// [MetadataOf]. Restate does not see them.
	Values, ServiceValues []any
}

// String returns "service/handler", the way Restate writes a target, or the
// handler alone where there is no service.
func (t *Target) String() string {
	if t.Service == "" {
		return t.Handler
	}
	return t.Service + "/" + t.Handler
}

// MetadataOf returns the value of type T that was attached to the invocation's
// handler or else to its service. A guard finds what it needs by a type of its
// own:
//
//	type Roles []string
//
//	roles, ok := pipeline.MetadataOf[Roles](inv)
func MetadataOf[T any](inv *Invocation) (value T, ok bool) {
	for _, v := range inv.target.Values {
		if value, ok = v.(T); ok {
			return value, true
		}
	}
	for _, v := range inv.target.ServiceValues {
		if value, ok = v.(T); ok {
			return value, true
		}
	}
	return value, false
}
