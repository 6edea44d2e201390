//go:build unix

package devserver_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/devserver"
)

// others are the permissions of everybody but the user.
const others = 0o077

// openToOthers returns the files and directories at or below dir that other users of
// the machine can access.
func openToOthers(t *testing.T, dir string) (open []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&others != 0 {
			open = append(open, path)
			return nil
		}
		if entry.IsDir() {
			return fs.SkipDir
		}
		return nil
	}))
	return open
}

func TestDataIsForTheUserAlone(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		prepare func(t *testing.T) (dir string)
		open    bool // the directory itself
	}{
		"in a temporary directory": {func(*testing.T) string { return "" }, false},
		"in a directory that is created": {func(t *testing.T) string {
			return filepath.Join(t.TempDir(), "new", "data")
		}, false},
		"in a directory that is there": {func(t *testing.T) string {
			dir := t.TempDir()
			require.NoError(t, os.Chmod(dir, 0o755))
			return dir
		}, true},
		"in a directory whose data was open": {func(t *testing.T) string {
			dir := t.TempDir()
			require.NoError(t, os.Mkdir(filepath.Join(dir, "devserver"), 0o755))
			require.NoError(t, os.Chmod(dir, 0o755))
			return dir
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, devserver.Config{Dir: tc.prepare(t)})
			require.FileExists(t, filepath.Join(s.Dir(), "devserver", "log-store", "CURRENT"))
			open := openToOthers(t, s.Dir())
			if tc.open {
				require.Equal(t, []string{s.Dir()}, open, "what the user made is the user's")
				return
			}
			require.Empty(t, open)
		})
	}
}

func TestDirectoriesAboveTheDataAreForTheUserAloneToo(t *testing.T) {
	t.Parallel()
	above := filepath.Join(t.TempDir(), "new")
	s := start(t, devserver.Config{Dir: filepath.Join(above, "data")})
	require.NoError(t, s.Stop(context.Background()))
	require.Empty(t, openToOthers(t, above))
}
