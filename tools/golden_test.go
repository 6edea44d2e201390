// Package tools_test checks with gofumpt what the tests of the library cannot, as
// gofumpt is not in its module.
package tools_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"
	"mvdan.cc/gofumpt/format"
)

// The command gofumpt is lenient with generated files that it finds in a directory;
// its package is not.
func TestGofumptHasNothingToChangeInGeneratedClients(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("../internal/gen/testdata/*.txtar")
	require.NoError(t, err)
	checked := 0
	for _, path := range archives {
		archive, err := txtar.ParseFile(path)
		require.NoError(t, err)
		for _, file := range archive.Files {
			if file.Name != "want.go" && file.Name != "want.fakes.go" {
				continue
			}
			checked++
			t.Run(filepath.Base(path), func(t *testing.T) {
				t.Parallel()
				formatted, err := format.Source(file.Data, format.Options{LangVersion: "go1.26", ModulePath: "example.com/shop"})
				require.NoError(t, err)
				require.Equal(t, string(formatted), string(file.Data))
			})
		}
	}
	require.NotZero(t, checked)
}
