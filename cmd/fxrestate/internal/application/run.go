package application

import (
	"bytes"
	"cmp"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/internal/description"
	"github.com/fxrestate/go/internal/tail"
)

const (
	// look is the pause between looks for the description.
	look = 20 * time.Millisecond
	// farewell is how long a program may take to end after it has described itself.
	farewell = 3 * time.Second
	// shownLines is how much is shown of the output of a program that fails.
	shownLines = 20
)

// errTooLong ends a program that does not describe itself in time.
var errTooLong = errors.New("the time is over")

// run runs a program that describes itself. A program that cannot is not run: it would
// start.
func (r *reader) run(ctx context.Context, program string, args []string) (description.Document, error) {
	if err := checkProgram(program); err != nil {
		return description.Document{}, err
	}
	dir, err := os.MkdirTemp("", "fxrestate")
	if err != nil {
		return description.Document{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "description.json")
	output := &tail.Writer{}
	if !strings.ContainsRune(program, filepath.Separator) && !strings.ContainsRune(program, '/') {
		program = "." + string(filepath.Separator) + program // not one of PATH
	}
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), description.Variable+"="+path)
	cmd.Stdout, cmd.Stderr = output, output
	cmd.WaitDelay = farewell // children may hold its output
	isolate(cmd)
	defer r.terminal.Progress("asking " + terminal.Escape(program) + " what it serves")()
	if err := cmd.Start(); err != nil {
		return description.Document{}, fmt.Errorf("%s cannot be run: %w", terminal.Escape(program), err)
	}
	ended, why := wait(ctx, cmd, path, r.timeout)
	doc, err := description.Read(path)
	if !errors.Is(err, description.ErrNone) {
		return doc, err
	}
	name := terminal.Escape(program)
	switch {
	case errors.Is(why, errTooLong):
		err = fmt.Errorf("%s has not described itself within %s, and was killed: it hangs before its fx.New, or it starts without fxrestate.Module", name, r.timeout)
	case why != nil:
		return doc, why
	case ended != nil:
		err = fmt.Errorf("%s failed before it described itself: %w", name, ended)
	default:
		err = fmt.Errorf("%s ended without a word: it did not come to an fx.New with fxrestate.Module; give it its arguments after --", name)
	}
	return doc, fmt.Errorf("%w%s", err, indented(output.String()))
}

// wait waits for the end of a program, which it kills when it has described itself and does
// not end, when the time is over, or when the context ends. It returns how the program
// ended, or why it was killed.
func wait(ctx context.Context, cmd *exec.Cmd, path string, timeout time.Duration) (ended, why error) {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, errTooLong)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	var late <-chan time.Time
	for {
		select {
		case err := <-done:
			return err, nil
		case <-ticker.C:
			if _, err := os.Stat(path); err == nil && late == nil {
				late = time.After(farewell)
			}
			continue
		case <-late:
		case <-ctx.Done():
			why = context.Cause(ctx)
		}
		killGroup(cmd)
		return <-done, why
	}
}

// checkProgram says why a program cannot describe itself.
func checkProgram(program string) error {
	name := terminal.Escape(program)
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return fmt.Errorf("%s is no Go program; name a compiled application, a package such as ./cmd/app, or a URL", name)
	}
	knows, err := contains(program, description.Variable)
	if err != nil || knows {
		return err
	}
	build := description.BuildOf(info)
	if build.Fxrestate == "" {
		return fmt.Errorf("%s is a Go program without package %s/fxrestate", name, description.Module)
	}
	return fmt.Errorf("%s was built with %s %s, and cannot describe itself: it has no fxrestate.Module, or one of an older version, and was not run, since it would start; upgrade it, or name its URL while it serves",
		name, description.Module, terminal.Escape(build.Fxrestate))
}

// contains reports whether a file contains a text.
func contains(path, text string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	buffer, kept := make([]byte, 1<<20), 0
	for {
		n, err := f.Read(buffer[kept:])
		found := buffer[:kept+n]
		if bytes.Contains(found, []byte(text)) {
			return true, nil
		}
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		kept = copy(buffer, found[max(0, len(found)-len(text)+1):])
	}
}

// indented returns the end of a program's output, a line below the other.
func indented(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	if len(lines) == 1 && lines[0] == "" {
		return ""
	}
	var b strings.Builder
	b.WriteString("; its output:")
	if left := len(lines) - shownLines; left > 0 {
		fmt.Fprintf(&b, "\n  … %d lines before", left)
		lines = lines[left:]
	}
	for _, l := range lines {
		b.WriteString("\n  " + terminal.Escape(strings.TrimRight(cmp.Or(l, " "), "\r")))
	}
	return b.String()
}
