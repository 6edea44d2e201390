package terminal

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"golang.org/x/term"

	"github.com/fxrestate/go/internal/printable"
)

// Terminal is what a command reads from and writes to.
type Terminal struct {
	In       io.Reader
	Out, Err io.Writer
	// Getenv returns variables of the environment.
	Getenv func(string) string

	// InTerminal, OutTerminal and ErrTerminal tell that a person is at the other end.
	InTerminal, OutTerminal, ErrTerminal bool
	// Columns is the width of Out. Zero: nothing is cut or wrapped.
	Columns int

	// Clock returns the time. Default: nil, time.Now.
	Clock func() time.Time

	// JSON, Color and Yes are flags of the command line.
	JSON  bool
	Color string // auto, always or never
	Yes   bool
}

// System returns the terminal of the process.
func System() *Terminal {
	t := &Terminal{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv}
	t.InTerminal = term.IsTerminal(int(os.Stdin.Fd()))
	t.OutTerminal = term.IsTerminal(int(os.Stdout.Fd()))
	t.ErrTerminal = term.IsTerminal(int(os.Stderr.Fd()))
	if t.OutTerminal {
		if columns, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
			t.Columns = columns
		}
	}
	if columns, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && columns > 0 {
		t.Columns = columns
	}
	return t
}

// Printf writes to Out. Escape what is not the command's own text.
func (t *Terminal) Printf(format string, args ...any) { _, _ = fmt.Fprintf(t.Out, format, args...) }

// Notef writes a line to Err, for people.
func (t *Terminal) Notef(format string, args ...any) {
	_, _ = fmt.Fprintf(t.Err, format+"\n", args...)
}

// WriteJSON writes a value as indented JSON to Out.
func (t *Terminal) WriteJSON(v any) error {
	e := json.NewEncoder(t.Out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// Escape returns a text without what steers a terminal: control characters and those that
// change the direction of writing.
func Escape(s string) string { return printable.Text(s) }
