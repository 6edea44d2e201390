package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/fxrestate/go/internal/gen/gentest"
)

// The module is one of a user's: it has a line with tool in its go.mod, and runs
// the command by go tool, by go generate, and by go run without that line.
func TestTheCommandIsAToolOfAModule(t *testing.T) {
	t.Parallel()
	module := gentest.Module(t)
	gomod, err := os.ReadFile(filepath.Join(module, "go.mod"))
	require.NoError(t, err)
	source := func(name, directive, method string) {
		gentest.Write(t, module, txtar.File{Name: name + "/" + name + ".go", Data: []byte("package " + name + "\n\n" + directive +
			"import restate \"github.com/restatedev/sdk-go\"\n\ntype Till struct{ other TillClient }\n\nfunc (Till) " + method + "(restate.Context) error { return nil }\n")})
	}
	goRuns := func(args ...string) {
		t.Helper()
		out, err := gentest.Go(t, module, args...)
		require.NoError(t, err, out)
	}
	requireGenerated := func(name, method string) {
		t.Helper()
		generated, err := os.ReadFile(filepath.Join(module, name, "fxrestate_gen.go"))
		require.NoError(t, err)
		require.Contains(t, string(generated), "= (*Till)."+method+"\n")
	}
	gentest.Write(t, module, txtar.File{Name: "go.mod", Data: append(gomod, "\ntool github.com/fxrestate/go/cmd/fxrestate\n"...)})

	source("tool", "", "Open")
	goRuns("tool", "fxrestate", "gen", "./tool")
	requireGenerated("tool", "Open")

	source("tool", "//go:generate go tool fxrestate gen\n\n", "Close")
	source("run", "//go:generate go run github.com/fxrestate/go/cmd/fxrestate gen\n\n", "Count")
	_, err = gentest.Go(t, module, "tool", "fxrestate", "gen", "--check", "./tool")
	require.Error(t, err, "the file is stale")
	goRuns("generate", "./...")
	requireGenerated("tool", "Close")
	requireGenerated("run", "Count")
	goRuns("tool", "fxrestate", "gen", "--check", "./tool")
	goRuns("build", "./tool", "./run")
}
