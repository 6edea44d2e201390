package application

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
)

// build builds a package, named by its directory or its path, into a temporary directory.
func (r *reader) build(ctx context.Context, pkg string, directory bool) (binary string, remove func(), err error) {
	if !directory && !strings.HasPrefix(pkg, ".") && !strings.Contains(pkg, "/") {
		return "", nil, fmt.Errorf("there is no file %s; name a program, a package such as ./cmd/app, or a URL", terminal.Escape(pkg))
	}
	dir, err := os.MkdirTemp("", "fxrestate")
	if err != nil {
		return "", nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) }
	binary = filepath.Join(dir, "application")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-o", binary, "--", pkg)
	if directory {
		cmd.Args[len(cmd.Args)-1], cmd.Dir = ".", pkg
	}
	done := r.terminal.Progress("building " + terminal.Escape(pkg))
	out, err := cmd.CombinedOutput()
	done()
	if err != nil {
		remove()
		if ctx.Err() != nil {
			return "", nil, context.Cause(ctx)
		}
		return "", nil, fmt.Errorf("go build %s: %w%s", terminal.Escape(pkg), err, indented(string(out)))
	}
	return binary, remove, nil
}
