// Package printable makes texts of others fit for a line of a log or of a terminal.
package printable

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Text returns a text with control characters, and others that a terminal does not
// show as they are, escaped: a text of someone else's must not begin a line of its own or
// colour the screen.
func Text(s string) string {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f {
			return escaped(s)
		}
	}
	return s
}

func escaped(s string) string {
	var b strings.Builder
	for i, r := range s {
		if strconv.IsPrint(r) && (r != utf8.RuneError || strings.HasPrefix(s[i:], "\uFFFD")) {
			b.WriteRune(r)
			continue
		}
		if r == utf8.RuneError {
			r = rune(s[i]) // a byte that is no UTF-8
		}
		quoted := strconv.QuoteRune(r)
		if r >= 0x80 {
			quoted = strconv.QuoteRuneToASCII(r)
		}
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}

// Value returns the value of an attribute with those characters escaped that encoders of
// JSON leave as they are, although they forge a line or colour a terminal: the control
// characters from U+007F to U+009F, separators of lines, and what changes the direction of
// a text. Those below U+0020 all encoders escape, and who reads the JSON has them back.
func Value(s string) string {
	for i := range len(s) {
		if s[i] >= 0x7f {
			return value(s)
		}
	}
	return s
}

func value(s string) string {
	if !strings.ContainsFunc(s, forges) {
		return s
	}
	var b strings.Builder
	rest := s
	for i := strings.IndexFunc(rest, forges); i >= 0; i = strings.IndexFunc(rest, forges) {
		r, size := utf8.DecodeRuneInString(rest[i:])
		fmt.Fprintf(&b, `%s\u%04x`, rest[:i], r)
		rest = rest[i+size:]
	}
	b.WriteString(rest)
	return b.String()
}

func forges(r rune) bool {
	switch {
	case r < 0x7f:
		return false
	case r <= 0x9f, r == '\u061c', r == '\u200e', r == '\u200f':
		return true
	default:
		return '\u2028' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069'
	}
}
