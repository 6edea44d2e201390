package pipeline

// MetadataOf returns the value of type T that the program gave the invocation's
// handler, or else its service, by fxrestate.Metadata. A guard finds what it needs by
// a type of its own:
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
