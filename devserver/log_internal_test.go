package devserver

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// These tests are internal because no server can be made to write such output.

func TestQuoteKeepsTheLastLines(t *testing.T) {
	t.Parallel()
	require.Equal(t, "it wrote nothing", quote(" \n"))
	require.Equal(t, "its output ends:\n\ta\n\tb", quote("a\nb\n"))
	long := strings.Repeat("x\n", 100) + "last"
	require.Equal(t, quoteLines, strings.Count(quote(long), "\n\t"))
	require.True(t, strings.HasSuffix(quote(long), "\n\tlast"))
}

func FuzzParseVersion(f *testing.F) {
	f.Add("restate-server 1.7.12\n")
	f.Add("(node:1) Warning: x\nrestate-server 1.8.0-dev+abc\n")
	f.Add("restate-server ../../etc\n")
	f.Fuzz(func(t *testing.T, out string) {
		version, err := parseVersion(out)
		if err == nil {
			require.Regexp(t, "^"+versionSyntax+"$", version)
			require.Contains(t, out, "restate-server "+version)
		}
	})
}
