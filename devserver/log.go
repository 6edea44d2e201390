package devserver

import "strings"

// quoteLines is how many lines of a log an error quotes.
const quoteLines = 20

// quote returns the last lines of log, indented, as the end of an error text.
func quote(log string) string {
	log = strings.TrimSpace(log)
	if log == "" {
		return "it wrote nothing"
	}
	lines := strings.Split(log, "\n")
	if len(lines) > quoteLines {
		lines = lines[len(lines)-quoteLines:]
	}
	return "its output ends:\n\t" + strings.Join(lines, "\n\t")
}
