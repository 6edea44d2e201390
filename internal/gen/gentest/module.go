// Package gentest makes modules for the tests of the generator. They are real modules,
// which use this module from disk and need no network.
package gentest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"
)

// Path is the path of the modules.
const Path = "example.com/shop"

// Module makes a module in a new directory, with the dependencies of this one.
func Module(t testing.TB) string {
	t.Helper()
	root := root(t)
	gomod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	gosum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)

	text := strings.Replace(string(gomod), "module github.com/fxrestate/go", "module "+Path, 1)
	text += "\nrequire github.com/fxrestate/go v0.0.0\n\nreplace github.com/fxrestate/go => " + root + "\n"
	dir := t.TempDir()
	Write(t, dir, txtar.File{Name: "go.mod", Data: []byte(text)}, txtar.File{Name: "go.sum", Data: gosum})
	return dir
}

// root is the directory of this module.
func root(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOMOD").Output()
	require.NoError(t, err)
	return filepath.Dir(strings.TrimSpace(string(out)))
}

// Write writes files into a directory and its subdirectories.
func Write(t testing.TB, dir string, files ...txtar.File) {
	t.Helper()
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, f.Data, 0o644))
	}
}

// Go runs the go command in a directory and returns its standard output. The text of the
// error is its standard error, which is ignored on success, because the go command also
// reports downloads there.
func Go(t testing.TB, dir string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return stdout.String(), nil
}
