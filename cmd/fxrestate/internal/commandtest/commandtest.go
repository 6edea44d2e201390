// Package commandtest is what the tests of commands share: a terminal, services whose
// invocations are in each status, and golden files.
package commandtest

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/internal/testkit"
)

// Commands makes the commands of a package.
type Commands func(t *terminal.Terminal) []*cobra.Command

// Console runs command lines on a terminal of a test.
type Console struct {
	Columns int
	// Answers are what somebody types. Nil: nobody can be asked.
	Answers []string
	// Later is how much later than it is the commands take it to be, so that ages in their
	// output are the same on any machine. Default: 90 minutes, which is shown as 1h.
	Later time.Duration
	// Admin is the URL of the admin API, by default that of the package's server. "-" leaves
	// it to the environment.
	Admin string

	commands Commands
}

// New returns a console for commands.
func New(commands Commands) Console { return Console{commands: commands, Later: 90 * time.Minute} }

// Result is what has come of a command line.
type Result struct {
	Code     int
	Out, Err string
}

// Run runs a command line, without the name of the program.
func (c Console) Run(t testing.TB, line ...string) Result {
	t.Helper()
	return c.RunContext(testkit.Context(t), line...)
}

// RunContext runs a command line. It may be called from any goroutine.
func (c Console) RunContext(ctx context.Context, line ...string) Result {
	var out, errs bytes.Buffer
	term := &terminal.Terminal{
		In: strings.NewReader(strings.Join(c.Answers, "\n") + "\n"), Out: &out, Err: &errs, Getenv: func(string) string { return "" },
		InTerminal: c.Answers != nil, ErrTerminal: c.Answers != nil, Columns: c.Columns, Color: "never",
		Clock: func() time.Time { return time.Now().Add(c.Later) },
	}
	began := false
	root := &cobra.Command{
		Use: "fxrestate", SilenceErrors: true, SilenceUsage: true,
		PersistentPreRun: func(*cobra.Command, []string) { began = true },
	}
	root.PersistentFlags().BoolVar(&term.JSON, "json", false, "")
	root.SetOut(&out)
	root.SetErr(&errs)
	root.AddCommand(c.commands(term)...)
	completing := len(line) > 0 && strings.HasPrefix(line[0], "__complete")
	switch {
	case c.Admin == "" && completing:
		line = append([]string{line[0], line[1], line[2], "--admin", testkit.Server().AdminURL()}, line[3:]...)
	case c.Admin == "":
		line = append(line[:len(line):len(line)], "--admin", testkit.Server().AdminURL())
	case c.Admin != "-" && !completing:
		line = append(line[:len(line):len(line)], "--admin", c.Admin)
	}
	root.SetArgs(line)
	err := root.ExecuteContext(ctx)
	code := terminal.Code(err)
	if err != nil && !began {
		code = terminal.CodeUsage
	}
	if exit, ok := errors.AsType[*terminal.Exit](err); err != nil && (!ok || exit.Err != nil) {
		fmt.Fprintf(&errs, "fxrestate: %v\n", err)
	}
	return Result{code, out.String(), progress.ReplaceAllString(errs.String(), "")}
}

// progress is what a command writes where the machine is slow, to a pipe and to a terminal.
var progress = regexp.MustCompile(`(?m)^.* …\n|\r[^\r\n]* … \d+s|\r +\r`)

var update = flag.Bool("update", false, "write what comes out into testdata")

// Golden compares a text with a file of testdata, without what is another at each run.
func Golden(t testing.TB, name, text string) {
	t.Helper()
	text = Stable(text)
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "write it with -update")
	require.Equal(t, strings.ReplaceAll(string(want), "\r\n", "\n"), text)
}

// String is both outputs, for a golden file.
func (r Result) String() string {
	return fmt.Sprintf("exit code %d\n--- out\n%s--- err\n%s", r.Code, r.Out, r.Err)
}

var unique atomic.Int64

// Unique makes a name that no other test has, and whose last six digits golden files do not
// have.
func Unique(base string) string { return fmt.Sprintf("%s%06d", base, 100_000+unique.Add(1)) }

// varying is what is another at each run, and of the same length.
var varying = []struct {
	of   *regexp.Regexp
	with func(match string, n int) string
}{
	{regexp.MustCompile(`\b(?:inv|dp|sub|sign)_[0-9A-Za-z_-]{14,}\b`), func(match string, n int) string {
		prefix, rest, _ := strings.Cut(match, "_")
		return fmt.Sprintf("%s_%0*d", prefix, len(rest), n)
	}},
	{regexp.MustCompile(`\b01[0-9A-Z]{24}\b`), func(string, int) string { return strings.Repeat("0", 26) }},
	{regexp.MustCompile(`\b[0-9a-f]{32}\b`), func(string, int) string { return strings.Repeat("0", 32) }},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z`), func(string, int) string { return "2026-01-02T03:04:05Z" }},
	{regexp.MustCompile(`\b\d\d:\d\d:\d\d\b`), func(string, int) string { return "03:04:05" }},
	{regexp.MustCompile(`https?://(?:127\.0\.0\.1|localhost):\d+`), func(string, int) string { return "http://127.0.0.1:55555" }},
	{regexp.MustCompile(`[A-Za-z]1\d{5}\b`), func(match string, _ int) string { return match[:1] + "000000" }},
	{regexp.MustCompile(`\bin \d+[smhd]\b`), func(string, int) string { return "in 1h" }},
}

// Stable returns a text with ids, times, ports and unique names replaced by others of the
// same length.
func Stable(text string) string {
	for _, v := range varying {
		numbers := map[string]int{}
		text = v.of.ReplaceAllStringFunc(text, func(match string) string {
			n, ok := numbers[match]
			if !ok {
				n = len(numbers) + 1
				numbers[match] = n
			}
			return v.with(match, n)
		})
	}
	return text
}

// Offers reports whether a completion offers a word.
func Offers(r Result, word string) bool {
	for line := range strings.Lines(r.Out) {
		if offered, _, _ := strings.Cut(strings.TrimSpace(line), "\t"); offered == word {
			return true
		}
	}
	return false
}
