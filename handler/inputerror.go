package handler

// InputError says what is wrong with an input, in words for whoever sent it. A route of
// package ingress answers with its text when a codec or an UnmarshalJSON returns one. Of
// other errors it tells only that the body cannot be decoded: their texts may be about
// the inside of a program.
type InputError struct {
	// Reason is the text, such as `the property "id" is missing`.
	Reason string
}

// Error returns the reason.
func (e *InputError) Error() string { return e.Reason }
