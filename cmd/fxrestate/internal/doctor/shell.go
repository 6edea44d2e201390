package doctor

import (
	"regexp"
	"strings"
)

// plain is what a shell takes as it is.
var plain = regexp.MustCompile(`^[A-Za-z0-9_.:/@%+=,-]+$`)

// word writes a text of the server's as one word of a command line, so that nobody who
// copies the command runs another.
func word(s string) string {
	if plain.MatchString(s) && !strings.HasPrefix(s, "-") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
