package admin

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokens cuts a query into parts, as the server's parser does as far as it matters for
// placeholders: strings, quoted identifiers, comments, words and numbers are one part each,
// and so is every other character. A placeholder is the part "?". Together the parts are the
// query.
func tokens(sql string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for sql != "" {
			n := token(sql)
			if !yield(sql[:n]) {
				return
			}
			sql = sql[n:]
		}
	}
}

// token returns the length of the first part of a query that is not empty.
func token(sql string) int {
	first, size := utf8.DecodeRuneInString(sql)
	switch {
	case first == '\'' || first == '"':
		return quoted(sql, 0, false)
	case strings.HasPrefix(sql, "--"):
		return through(sql, 2, "\n")
	case strings.HasPrefix(sql, "/*"):
		return comment(sql)
	case first == '$':
		return dollar(sql)
	case (first == 'E' || first == 'e') && strings.HasPrefix(sql[1:], "'"):
		return quoted(sql, 1, true)
	case '0' <= first && first <= '9':
		return number(sql)
	case startsWord(first):
		return size + while(sql[size:], continuesWord)
	default:
		return size
	}
}

// startsWord has what a word starts with.
func startsWord(r rune) bool { return unicode.IsLetter(r) || r == '_' || r == '#' || r == '@' }

func continuesWord(r rune) bool { return startsWord(r) || unicode.IsDigit(r) || r == '$' }

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// while returns the length of the beginning of a text in which all characters are so.
func while(text string, so func(rune) bool) int {
	if end := strings.IndexFunc(text, func(r rune) bool { return !so(r) }); end >= 0 {
		return end
	}
	return len(text)
}

// through returns the length up to and with the first end after the position from, or of the
// whole query.
func through(sql string, from int, end string) int {
	if at := strings.Index(sql[from:], end); at >= 0 {
		return from + at + len(end)
	}
	return len(sql)
}

// quoted returns the length of what is in quotes, the first of them at the position at. Two
// quotes within stand for one, and with escapes a backslash takes the next character along.
func quoted(sql string, at int, escapes bool) int {
	quote := sql[at]
	for i := at + 1; i < len(sql); i++ {
		switch {
		case escapes && sql[i] == '\\':
			i++
		case sql[i] != quote:
		case i+1 < len(sql) && sql[i+1] == quote:
			i++
		default:
			return i + 1
		}
	}
	return len(sql)
}

// comment returns the length of a comment that may have others within.
func comment(sql string) int {
	depth := 0
	for i := 0; i < len(sql); i++ {
		switch {
		case strings.HasPrefix(sql[i:], "/*"):
			depth++
			i++
		case strings.HasPrefix(sql[i:], "*/"):
			depth--
			i++
			if depth == 0 {
				return i + 1
			}
		}
	}
	return len(sql)
}

// dollar returns the length of a string in $$ or $tag$, or of a word that begins with $.
func dollar(sql string) int {
	tag := 1 + while(sql[1:], func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' })
	if !strings.HasPrefix(sql[tag:], "$") {
		return tag
	}
	return through(sql, tag+1, sql[:tag+1])
}

// number returns the length of a number, with its exponent.
func number(sql string) int {
	n := while(sql, func(r rune) bool { return isDigit(r) || r == '.' })
	exponent := n
	if exponent < len(sql) && (sql[exponent] == 'e' || sql[exponent] == 'E') {
		exponent++
		if exponent < len(sql) && (sql[exponent] == '+' || sql[exponent] == '-') {
			exponent++
		}
		if digits := while(sql[exponent:], isDigit); digits > 0 {
			return exponent + digits
		}
	}
	return n
}
