package devserver

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSweepTakesNoDirectoryThatIsBeingMade(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	const makers, sweepers, rounds = 4, 4, 100
	var sweeping, making sync.WaitGroup
	done := make(chan struct{})
	for range sweepers {
		sweeping.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					sweep(Config{})
				}
			}
		})
	}
	for range makers {
		making.Go(func() {
			for range rounds {
				dir, claim, err := makeTemporary()
				if err != nil {
					t.Error(err)
					return
				}
				file := filepath.Join(dir, "file")
				if err := os.WriteFile(file, nil, 0o600); err != nil {
					t.Error(err)
				}
				if _, err := os.Stat(file); err != nil {
					t.Error(err)
				}
				_ = claim.Unlock() // as the end of the process does
			}
		})
	}
	making.Wait()
	close(done)
	sweeping.Wait()
	sweep(Config{})
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	require.Empty(t, left)
}
