package devserver

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEveryPlatformOfTheDefaultVersionIsPinned(t *testing.T) {
	t.Parallel()
	for _, platform := range []string{"darwin-arm64", "darwin-x64", "linux-arm64", "linux-x64"} {
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			require.Regexp(t, "^[0-9a-f]{64}$", published["restate-server-"+platform+"-"+DefaultVersion])
		})
	}
	require.Len(t, published, 4, "what is not the default version is not installed by default")
}

func TestPublishedServerIsHashedOnce(t *testing.T) {
	t.Parallel()
	const text = "a server"
	server := filepath.Join(t.TempDir(), "server")
	require.NoError(t, os.WriteFile(server, []byte(text), 0o700))
	published, err := digest(server)
	require.NoError(t, err)

	require.ErrorContains(t, checkInstalled(server, strings.Repeat("0", 64)), "the SHA-256 of "+server+" is "+published+", want 000")
	require.NoFileExists(t, recordPath(server))

	require.NoError(t, checkInstalled(server, published), "one that an older version of this package installed has no record")
	info, err := os.Stat(server)
	require.NoError(t, err)
	known, err := readRecord(server)
	require.NoError(t, err)
	require.Equal(t, recordOf(info, published), known)

	// The record is trusted as long as size and time of the file are the same. A change
	// of the content alone is not detected, which proves that nothing was hashed.
	require.NoError(t, os.WriteFile(server, []byte("A server"), 0o700))
	require.NoError(t, os.Chtimes(server, time.Time{}, info.ModTime()))
	require.NoError(t, checkInstalled(server, published))
	require.NoError(t, os.Chtimes(server, time.Time{}, info.ModTime().Add(time.Nanosecond)))
	require.ErrorContains(t, checkInstalled(server, published), fmt.Sprintf("want %s", published))
}
