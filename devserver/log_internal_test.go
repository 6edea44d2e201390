package devserver

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// These tests are internal because no server can be made to write such output.

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken") }

func TestTailSurvivesABrokenLog(t *testing.T) {
	t.Parallel()
	log := &tail{next: brokenWriter{}}
	n, err := log.Write([]byte("line\n"))
	require.NoError(t, err)
	require.Equal(t, 5, n)
	require.Equal(t, "line\n", log.String())
}

func TestQuoteKeepsTheLastLines(t *testing.T) {
	t.Parallel()
	require.Equal(t, "it wrote nothing", quote(" \n"))
	require.Equal(t, "its output ends:\n\ta\n\tb", quote("a\nb\n"))
	long := strings.Repeat("x\n", 100) + "last"
	require.Equal(t, quoteLines, strings.Count(quote(long), "\n\t"))
	require.True(t, strings.HasSuffix(quote(long), "\n\tlast"))
}

func FuzzTail(f *testing.F) {
	f.Add("one\ntwo\n", 3, 1)
	f.Add(strings.Repeat("0123456789\n", 13), 7000, 100)
	f.Add(strings.Repeat("\n", 5), tailLimit, 2)
	f.Fuzz(func(t *testing.T, text string, chunk, times int) {
		if chunk <= 0 || times < 0 || len(text)*times > 4*tailLimit {
			t.Skip()
		}
		all := strings.Repeat(text, times)
		log := &tail{}
		for rest := all; rest != ""; {
			n := min(chunk, len(rest))
			_, _ = log.Write([]byte(rest[:n]))
			rest = rest[n:]
		}
		got := log.String()
		require.True(t, strings.HasSuffix(all, got))
		switch {
		case len(all) <= tailLimit:
			require.Equal(t, all, got)
		case strings.Contains(all[len(all)-tailLimit:], "\n"):
			require.Equal(t, byte('\n'), all[len(all)-len(got)-1], "it begins with a whole line")
		}
	})
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
