package dev

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheLogOfTheServerDoesNotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		written []string
		want    string
	}{
		"lines":             {[]string{"a\nb\n"}, "a\nb\n"},
		"parts of lines":    {[]string{"a", "b", "c\nd"}, "abc\n"},
		"colours":           {[]string{"\x1b[31mred\r\n"}, `\x1b[31mred\r` + "\n"},
		"a character apart": {[]string{"\xc3", "\xa9\n"}, "é\n"},
		"one without end":   {[]string{strings.Repeat("a", maxLine)}, strings.Repeat("a", maxLine) + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got bytes.Buffer
			e := &escaper{to: &got}
			for _, part := range test.written {
				n, err := e.Write([]byte(part))
				require.NoError(t, err)
				require.Len(t, part, n)
			}
			require.Equal(t, test.want, got.String())
		})
	}
}

func TestTheDefaultNameIsTheModule(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	below := filepath.Join(dir, "cmd", "shop")
	require.NoError(t, os.MkdirAll(below, 0o700))
	for name, test := range map[string]struct{ mod, want string }{
		"a module":        {"module example.com/acme/shop/v2\n", "example.com-acme-shop-v2"},
		"an odd module":   {"module \"-a b~c\"\n", "a-b-c"},
		"no module there": {"// nothing\n", "shop"},
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte(test.mod), 0o600))
		got := defaultName(below)
		require.Equal(t, test.want, got, name)
		require.Regexp(t, nameForm, got)
	}
	require.Equal(t, "default", defaultName("/"))
}
