package gen_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/fxrestate/go/internal/gen"
	"github.com/fxrestate/go/internal/gen/gentest"
)

var update = flag.Bool("update", false, "write what comes out into testdata")

// TestGolden reads the packages in testdata. An archive holds the files of a
// package in shop/ and of others beside it, a file named config with a line for
// each field of gen.Config that is set, and what is expected: want.go, the
// generated file, want.fakes.go, that of the fakes, want.warnings and want.errors.
//
// Then the real compiler builds everything that was generated, and runs the tests in the
// archives. The module of the tools tests that gofumpt has nothing to change in what is generated.
func TestGolden(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, archives)
	module := gentest.Module(t)

	t.Run("generate", func(t *testing.T) {
		for _, archive := range archives {
			name := strings.TrimSuffix(filepath.Base(archive), ".txtar")
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				golden(t, archive, filepath.Join(module, name))
			})
		}
	})

	t.Run("compile and test", func(t *testing.T) {
		for _, broken := range []string{"mistakes", "collisions", "constraints", "memberhandlers"} {
			require.NoError(t, os.RemoveAll(filepath.Join(module, broken)))
		}
		out, err := gentest.Go(t, module, "test", "-vet=all", "-ldflags=-s -w", "-tags=premium", "./...")
		require.NoError(t, err, out)
		require.Contains(t, out, "ok  \t", "tests ran")
	})
}

func golden(t *testing.T, path, dir string) {
	archive, err := txtar.ParseFile(path)
	require.NoError(t, err)
	cfg := gen.Config{Dir: filepath.Join(dir, "shop")}
	want := map[string]string{}
	var sources []txtar.File
	for _, f := range archive.Files {
		switch {
		case f.Name == "config":
			configure(t, &cfg, string(f.Data))
		case strings.HasPrefix(f.Name, "want."):
			want[f.Name] = string(f.Data)
		default:
			sources = append(sources, f)
		}
	}
	gentest.Write(t, dir, sources...)

	file, err := gen.Generate(t.Context(), cfg)
	got := map[string]string{}
	if err != nil {
		got["want.errors"] = err.Error() + "\n"
	} else {
		got["want.go"] = string(file.Source)
		if file.Fakes != nil {
			got["want.fakes.go"] = string(file.Fakes.Source)
		}
		for _, w := range file.Warnings {
			got["want.warnings"] += w.Error() + "\n"
		}
		changed, err := file.Write()
		require.NoError(t, err)
		require.True(t, changed)
	}
	if *update {
		rewrite(t, path, archive, got)
		return
	}
	require.Equal(t, want["want.errors"], got["want.errors"])
	require.Equal(t, want["want.warnings"], got["want.warnings"])
	require.Equal(t, want["want.go"], got["want.go"])
	require.Equal(t, want["want.fakes.go"], got["want.fakes.go"])
}

func configure(t *testing.T, cfg *gen.Config, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		name, values, _ := strings.Cut(strings.TrimSpace(line), " ")
		list := strings.Fields(values)
		switch name {
		case "types":
			cfg.Types = list
		case "exclude":
			cfg.Exclude = list
		case "tags":
			cfg.Tags = list
		case "fakes":
			cfg.Fakes = values
		default:
			require.Fail(t, "unknown line in config", line)
		}
	}
}

func rewrite(t *testing.T, path string, archive *txtar.Archive, got map[string]string) {
	t.Helper()
	archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return strings.HasPrefix(f.Name, "want.") })
	for _, name := range []string{"want.errors", "want.warnings", "want.go", "want.fakes.go"} {
		if got[name] != "" {
			archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(got[name])})
		}
	}
	require.NoError(t, os.WriteFile(path, txtar.Format(archive), 0o644))
}
