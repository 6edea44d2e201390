package httpclient

import (
	"strings"
	"unicode"
)

// OneLine makes text from outside safe for a log line: printable, with single spaces,
// and of at most limit runes.
func OneLine(text string, limit int) string {
	var line strings.Builder
	runes, space := 0, false
	for _, r := range text {
		if !unicode.IsPrint(r) || r == ' ' || r == unicode.ReplacementChar {
			space = runes > 0
			continue
		}
		if runes >= limit {
			line.WriteString("…")
			break
		}
		if space {
			line.WriteByte(' ')
			runes++
			space = false
		}
		line.WriteRune(r)
		runes++
	}
	return line.String()
}

// Brief returns err with its text made safe for a log line: see [OneLine]. The error of
// a decoder repeats its input, which may be long.
func Brief(err error, limit int) error { return briefError{err, limit} }

type briefError struct {
	err   error
	limit int
}

func (e briefError) Error() string { return OneLine(e.err.Error(), e.limit) }
func (e briefError) Unwrap() error { return e.err }
