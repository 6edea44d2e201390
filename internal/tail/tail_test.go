package tail_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/tail"
)

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken") }

func TestItSurvivesABrokenLog(t *testing.T) {
	t.Parallel()
	log := &tail.Writer{Next: brokenWriter{}}
	n, err := log.Write([]byte("line\n"))
	require.NoError(t, err)
	require.Equal(t, 5, n)
	require.Equal(t, "line\n", log.String())
}

func TestItForgetsWhenReset(t *testing.T) {
	t.Parallel()
	log := &tail.Writer{}
	_, _ = log.Write([]byte("before\n"))
	log.Reset()
	_, _ = log.Write([]byte("after\n"))
	require.Equal(t, "after\n", log.String())
}

func FuzzTail(f *testing.F) {
	f.Add("one\ntwo\n", 3, 1)
	f.Add(strings.Repeat("0123456789\n", 13), 7000, 100)
	f.Add(strings.Repeat("\n", 5), tail.Limit, 2)
	f.Fuzz(func(t *testing.T, text string, chunk, times int) {
		if chunk <= 0 || times < 0 || len(text)*times > 4*tail.Limit {
			t.Skip()
		}
		all := strings.Repeat(text, times)
		log := &tail.Writer{}
		for rest := all; rest != ""; {
			n := min(chunk, len(rest))
			_, _ = log.Write([]byte(rest[:n]))
			rest = rest[n:]
		}
		got := log.String()
		require.True(t, strings.HasSuffix(all, got))
		switch {
		case len(all) <= tail.Limit:
			require.Equal(t, all, got)
		case strings.Contains(all[len(all)-tail.Limit:], "\n"):
			require.Equal(t, byte('\n'), all[len(all)-len(got)-1], "it begins with a whole line")
		}
	})
}
