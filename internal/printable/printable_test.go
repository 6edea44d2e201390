package printable_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/printable"
)

func ExampleText() {
	fmt.Println(printable.Text("no paper\n15:04 INFO \x1b[32mall is well"))
	// Output: no paper\n15:04 INFO \x1b[32mall is well
}

func TestTextEscapesWhatATerminalDoesNotShow(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, want string }{
		"nothing":                       {"", ""},
		"a plain text":                  {`as "is" \n`, `as "is" \n`},
		"letters of other languages":    {"Größe 世界 \uFFFD", "Größe 世界 \uFFFD"},
		"lines":                         {"a\nb\r\nc\td", `a\nb\r\nc\td`},
		"a colour":                      {"\x1b[31m", `\x1b[31m`},
		"a colour in one character":     {"\u009b31m", `\u009b31m`},
		"a text that runs backwards":    {"\u202eabc", `\u202eabc`},
		"a separator of lines":          {"a\u2028b", `a\u2028b`},
		"bytes that are no UTF-8":       {"a\xff\x9b31m", `a\u00ff\u009b31m`},
		"what is escaped already stays": {`a\x1b\n`, `a\x1b\n`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, printable.Text(tt.text))
		})
	}
}

// It counts allocations, so it is not parallel.
func TestValueEscapesWhatEncodersOfJSONDoNot(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"nothing":                         {"", ""},
		"a plain text":                    {`as "is" \n`, `as "is" \n`},
		"letters of other languages":      {"Größe 世界\u3000👩\u200d🚀 \uFFFD", "Größe 世界\u3000👩\u200d🚀 \uFFFD"},
		"what each encoder escapes stays": {"a\nb\x1b[31m\xff", "a\nb\x1b[31m\xff"},
		"a colour in one character":       {"a\u009b31mb\u009b0m", `a\u009b31mb\u009b0m`},
		"the character of the key Delete": {"a\x7fb", `a\u007fb`},
		"a text that runs backwards":      {"\u202eabc\u2066", `\u202eabc\u2066`},
		"separators of lines":             {"a\u2028b\u2029\u0085", `a\u2028b\u2029\u0085`},
		"what is escaped already stays":   {`a\u009b`, `a\u009b`},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tt.want, printable.Value(tt.text))
			require.Zero(t, testing.AllocsPerRun(10, func() { printable.Value(tt.want) }), "what has nothing to escape is returned as it is")
		})
	}
}

func FuzzText(f *testing.F) {
	for _, seed := range []string{"", "a\nb", "\x1b[31m", "\u009b", "\xff", "\u2028\u202e"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := printable.Text(text)
		require.True(t, utf8.ValidString(got))
		require.False(t, strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }), "%q", got)
		require.Equal(t, got, printable.Text(got), "a text that is escaped already")
	})
}
