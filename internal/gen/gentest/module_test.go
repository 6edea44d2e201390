//go:build unix

package gentest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/gen/gentest"
)

// On a machine with an empty module cache every go command first prints what it
// downloads.
func TestWhatTheGoCommandSaysAsideIsNoResult(t *testing.T) {
	const downloads = "#!/bin/sh\necho 'go: downloading example.com/tool v1.0.0' >&2\n"
	for name, test := range map[string]struct{ script, out, err string }{
		"a command that finds nothing":   {downloads, "", ""},
		"a command that finds something": {downloads + "echo found", "found\n", ""},
		"a command that fails":           {downloads + "echo found; echo broken >&2; exit 1", "found\n", "go build ./...: exit status 1\ngo: downloading example.com/tool v1.0.0\nbroken\n"},
	} {
		t.Run(name, func(t *testing.T) {
			bin := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(bin, "go"), []byte(test.script), 0o700))
			t.Setenv("PATH", bin)
			out, err := gentest.Go(t, ".", "build", "./...")
			require.Equal(t, test.out, out)
			if test.err == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, test.err)
		})
	}
}
