package scope

import (
	"errors"
	"strings"
	"unicode/utf8"

	restate "github.com/restatedev/sdk-go"
)

// ValidText returns err with a text that is valid UTF-8. The SDK cannot tell the
// server of an error with any other text, and the invocation would hang; such
// text comes from outside, for instance from a payload that an error quotes.
func ValidText(err error) error {
	if err == nil || utf8.ValidString(err.Error()) && validMetadata(err) {
		return err
	}
	text := errors.New(valid(err.Error()))
	if t := restate.AsTerminalError(err); t != nil {
		metadata := make(map[string]string)
		for k, v := range t.Metadata().Iter() {
			metadata[valid(k)] = valid(v)
		}
		return restate.ToTerminalError(errors.New(valid(t.Message())), restate.WithErrorCode(t.Code()), restate.WithMetadataMap(metadata))
	}
	if r := restate.AsRetryableError(err); r != nil {
		return restate.ToRetryableError(text, restate.WithErrorCode(r.Code()))
	}
	return retextured{text, err}
}

func validMetadata(err error) bool {
	t := restate.AsTerminalError(err)
	if t == nil {
		return true
	}
	if !utf8.ValidString(t.Message()) {
		return false
	}
	for k, v := range t.Metadata().Iter() {
		if !utf8.ValidString(k) || !utf8.ValidString(v) {
			return false
		}
	}
	return true
}

func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// retextured is an error with another text.
type retextured struct {
	error

	cause error
}

func (r retextured) Unwrap() error { return r.cause }
