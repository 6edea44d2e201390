// Package printable makes texts of others fit for a line of a log or of a terminal.
package printable

import (
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
