package terminal_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// terminalOf returns a terminal, and what is written to it.
func terminalOf(in io.Reader) (t *terminal.Terminal, out, err *bytes.Buffer) {
	out, err = &bytes.Buffer{}, &bytes.Buffer{}
	return &terminal.Terminal{In: in, Out: out, Err: err, Getenv: func(string) string { return "" }}, out, err
}

func TestATableFitsTheWidth(t *testing.T) {
	t.Parallel()
	table := terminal.Table{
		Header: []string{"Id", "Status", "Last failure"},
		Rows: [][]string{
			{"inv_1", "paused", "the bank is closed until tomorrow morning"},
			{"inv_22", "running", ""},
			{"inv_3", "\x1b[31mred\x1b[0m", "日本語"},
		},
		Style: func(r, c int) terminal.Style {
			if r == 0 && c == 1 {
				return terminal.Warning
			}
			return terminal.Plain
		},
	}
	for name, test := range map[string]struct {
		columns int
		color   string
		want    string
	}{
		"of a pipe": {0, "auto", `ID      STATUS              LAST FAILURE
inv_1   paused              the bank is closed until tomorrow morning
inv_22  running
inv_3   \x1b[31mred\x1b[0m  日本語
`},
		"of a wide terminal, with colours": {100, "always", "ID      STATUS              LAST FAILURE\n" +
			"inv_1   \x1b[33mpaused\x1b[0m              the bank is closed until tomorrow morning\n" +
			"inv_22  running\n" +
			`inv_3   \x1b[31mred\x1b[0m  日本語` + "\n"},
		"of a narrow terminal": {40, "auto", `Id            inv_1
Status        paused
Last failure  the bank is closed until
              tomorrow morning

Id            inv_22
Status        running

Id            inv_3
Status        \x1b[31mred\x1b[0m
Last failure  日本語
`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			term, out, _ := terminalOf(nil)
			term.Columns, term.Color = test.columns, test.color
			term.Table(table)
			require.Equal(t, test.want, out.String())
		})
	}
}

func TestConfirmAsksWhereSomebodyCanAnswer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer string
		yes    bool
		person bool
		code   int
	}{
		"yes":                     {"y\n", false, true, terminal.CodeOK},
		"Yes":                     {" YES\r\n", false, true, terminal.CodeOK},
		"no":                      {"n\n", false, true, terminal.CodeFailed},
		"nothing":                 {"\n", false, true, terminal.CodeFailed},
		"the end of the input":    {"", false, true, terminal.CodeFailed},
		"--yes":                   {"", true, false, terminal.CodeOK},
		"nobody who could answer": {"y\n", false, false, terminal.CodeUsage},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			term, out, err := terminalOf(strings.NewReader(test.answer))
			term.Yes, term.InTerminal, term.ErrTerminal = test.yes, test.person, test.person
			require.Equal(t, test.code, terminal.Code(term.Confirm(t.Context(), "Kill 2 invocations?")))
			require.Empty(t, out.String())
			require.Equal(t, test.person, strings.HasPrefix(err.String(), "Kill 2 invocations? [y/N] "))
		})
	}
}

func TestConfirmEndsWithItsContext(t *testing.T) {
	t.Parallel()
	in, typing := io.Pipe()
	defer func() { _ = typing.Close() }()
	term, _, _ := terminalOf(in)
	term.InTerminal, term.ErrTerminal = true, true
	ctx, cancel := context.WithCancelCause(t.Context())
	cancelled := errors.New("Ctrl-C")
	cancel(cancelled)
	require.ErrorIs(t, term.Confirm(ctx, "Kill?"), cancelled)
}

// lines tells when something was written.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

func TestProgressIsToldOnceItHasTakenASecond(t *testing.T) {
	t.Parallel()
	term, out, err := terminalOf(nil)
	term.Progress("building")()
	require.Empty(t, err.String(), "it was quick")

	written := make(lines, 10)
	term.Err = written
	began := time.Now()
	done := term.Progress("building")
	require.Equal(t, "building …\n", <-written)
	require.GreaterOrEqual(t, time.Since(began), time.Second)
	done()
	require.Empty(t, out.String())

	term.ErrTerminal = true
	done = term.Progress("building")
	require.Regexp(t, `^\rbuilding … \d+s$`, <-written)
	done()
	last := ""
	for len(written) > 0 {
		last = <-written
	}
	require.Regexp(t, `^\r +\r$`, last, "it is wiped out")
}

func TestColours(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		flag     string
		terminal bool
		env      map[string]string
		want     bool
	}{
		"on a terminal":               {"auto", true, nil, true},
		"in a pipe":                   {"auto", false, nil, false},
		"with NO_COLOR":               {"auto", true, map[string]string{"NO_COLOR": "1"}, false},
		"on a dumb terminal":          {"auto", true, map[string]string{"TERM": "dumb"}, false},
		"in a pipe, always":           {"always", false, map[string]string{"NO_COLOR": "1"}, true},
		"on a terminal, but never":    {"never", true, nil, false},
		"without the flag, in a pipe": {"", false, nil, false},
		"without it, on one":          {"", true, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			term, _, _ := terminalOf(nil)
			term.Color, term.OutTerminal = test.flag, test.terminal
			term.Getenv = func(name string) string { return test.env[name] }
			require.Equal(t, test.want, term.Colors())
			require.Equal(t, test.want, term.Paint(terminal.Bad, "no") != "no")
		})
	}
}
