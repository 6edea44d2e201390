package stableport_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/stableport"
)

func TestAKeptPortStaysTheSame(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "new", "port")
	port, err := stableport.Kept(file)
	require.NoError(t, err)
	require.GreaterOrEqual(t, port, 20000)
	require.Less(t, port, 32768, "operating systems use ports from here on for outgoing connections")
	again, err := stableport.Kept(file)
	require.NoError(t, err)
	require.Equal(t, port, again)
	left, err := os.ReadDir(filepath.Dir(file))
	require.NoError(t, err)
	require.Len(t, left, 1)
}

func TestAKeptPortIsForTheUserAlone(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "new", "port")
	_, err := stableport.Kept(file)
	require.NoError(t, err)
	for path, want := range map[string]os.FileMode{filepath.Dir(file): 0o700, file: 0o600} {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, want, info.Mode().Perm(), path)
	}
}

func TestAKillWhileAPortIsKeptDoesNoHarm(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "port")
	// A directory in place of the temporary file makes the write fail halfway, as a
	// kill would.
	require.NoError(t, os.Mkdir(file+".new", 0o700))
	_, err := stableport.Kept(file)
	require.Error(t, err)
	require.NoFileExists(t, file, "nothing is written in place")

	require.NoError(t, os.Remove(file+".new"))
	require.NoError(t, os.WriteFile(file+".new", nil, 0o600))
	port, err := stableport.Kept(file)
	require.NoError(t, err)
	written, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, strconv.Itoa(port)+"\n", string(written))
}

func TestAFileThatHoldsNoPortIsReported(t *testing.T) {
	t.Parallel()
	for name, held := range map[string]string{"a text": "no port", "nothing": "", "a number that is none": "70000", "zero": "0"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "port")
			require.NoError(t, os.WriteFile(file, []byte(held), 0o600))
			_, err := stableport.Kept(file)
			require.ErrorContains(t, err, "does not hold a port")
		})
	}
}
