package handler

// InputError says what is wrong with an input, in words for its sender. If a codec or
// an UnmarshalJSON returns one, a route of package ingress responds with its text. For
// other errors the route says only that the body cannot be decoded, because their
// texts may reveal internal details.
type InputError struct {
	// Reason is the text for the sender, such as `the property "id" is missing`.
	Reason string
}

// Error returns the reason.
func (e *InputError) Error() string { return e.Reason }
