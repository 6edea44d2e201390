package wayout

import "regexp"

// stackBegin is where a stack of Go begins in the text of a failure.
var stackBegin = regexp.MustCompile(`\s*goroutine \d+ \[[^\]]*\]:`)

// WithoutStack returns a failure without the stack that some have behind the message.
func WithoutStack(failure string) string {
	if at := stackBegin.FindStringIndex(failure); at != nil && at[0] > 0 {
		return failure[:at[0]]
	}
	return failure
}
