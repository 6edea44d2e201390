package docs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const readme = "../../README.md"

// page is a page of the manual.
type page struct{ path, text string }

// pages are the pages that readers of the repository are led to.
func pages(t *testing.T) (all []page) {
	t.Helper()
	for _, pattern := range []string{"../../*.md", "../../docs/*.md"} {
		paths, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, path := range paths {
			all = append(all, readPage(t, path))
		}
	}
	return all
}

func readPage(t *testing.T, path string) page {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return page{path, string(text)}
}

// frame is the directory of what the code of the page takes for granted.
func (p page) frame() string {
	own := filepath.Join(frames, strings.TrimSuffix(filepath.Base(p.path), ".md"))
	if _, err := os.Stat(own); err == nil {
		return own
	}
	return filepath.Join(frames, commonFrame)
}
