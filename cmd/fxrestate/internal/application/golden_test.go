package application_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/cmd/fxrestate/internal/application"
)

var update = flag.Bool("update", false, "write the golden files")

func requireGolden(t *testing.T, file, got string) {
	t.Helper()
	golden := filepath.Join("testdata", file)
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, strings.ReplaceAll(string(want), "\r\n", "\n"), got)
}

// orders is a package, which is built, and whose graph is that of a real application.
const orders = "../../../../examples/orders"

func TestGraphOfARealApplication(t *testing.T) {
	t.Parallel()
	saved := filepath.Join(t.TempDir(), "orders.json")
	r := call(t.Context(), application.NewManifest, 0, "--description", "--timeout", "10m", orders)
	requireOK(t, r)
	require.NoError(t, os.WriteFile(saved, []byte(r.stdout), 0o600))

	for file, args := range map[string][]string{
		"orders.txt":   {},
		"orders40.txt": {},
		"orders.mmd":   {"--format", "mermaid"},
		"orders.svg":   {"--format", "svg"},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			columns := 0
			if file == "orders40.txt" {
				columns = 40
			}
			r := call(t.Context(), application.NewGraph, columns, append(args, saved)...)
			requireOK(t, r)
			requireGolden(t, file, r.stdout)

			output := filepath.Join(t.TempDir(), file)
			requireOK(t, call(t.Context(), application.NewGraph, columns, append(args, "-o", output, saved)...))
			if columns == 0 {
				requireGolden(t, file, read(t, output))
			}
		})
	}
	t.Run("manifest", func(t *testing.T) {
		t.Parallel()
		r := call(t.Context(), application.NewManifest, 0, saved)
		requireOK(t, r)
		requireGolden(t, "orders.json", r.stdout)
	})
	t.Run("JSON", func(t *testing.T) {
		t.Parallel()
		g := call(t.Context(), application.NewGraph, 0, "--json", saved)
		requireOK(t, g)
		require.JSONEq(t, read(t, saved), g.stdout)
	})
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// manifestOf writes the manifest of a program into a file.
func manifestOf(t *testing.T, version string) (path string) {
	t.Helper()
	r := call(t.Context(), application.NewManifest, 0, append([]string{"--timeout", "10m"}, program("shop", "shop", version)...)...)
	requireOK(t, r)
	path = filepath.Join(t.TempDir(), version+".json")
	require.NoError(t, os.WriteFile(path, []byte(r.stdout), 0o600))
	return path
}

func TestPlanAgainstAnotherVersionNeedsNoServer(t *testing.T) {
	t.Parallel()
	before := manifestOf(t, "before")
	for version, code := range map[string]int{"before": 0, "newer": 0, "breaking": 3} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			after := manifestOf(t, version)
			for file, args := range map[string][]string{"plan-" + version + ".txt": nil, "plan-" + version + ".json": {"--json"}} {
				r := call(t.Context(), application.NewPlan, 0, append(args, "--against", before, after)...)
				require.Empty(t, r.err)
				require.Equal(t, code, r.code)
				requireGolden(t, file, r.stdout)
			}
		})
	}
}
