package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/fxrestate/go/internal/gen"
)

const genUsage = `fxrestate gen [flags] [directory]

Writes typed clients for the handler structs of the package in the directory, by
default the current one, into a file beside them. Usually go generate runs it:

  //go:generate go tool fxrestate gen

Flags:
`

// genCommand is a command line of gen.
type genCommand struct {
	cfg   gen.Config
	check bool
	flags *flag.FlagSet
}

func newGenCommand() *genCommand {
	c := &genCommand{flags: flag.NewFlagSet("gen", flag.ContinueOnError)}
	c.flags.Usage = func() {
		fmt.Fprint(c.flags.Output(), genUsage)
		c.flags.PrintDefaults()
	}
	c.flags.BoolVar(&c.check, "check", false, "write nothing; fail if the file is not up to date (without other flags: those of the go:generate lines)")
	c.flags.StringVar(&c.cfg.Output, "output", gen.DefaultOutput, "`name` of the file")
	c.flags.StringVar(&c.cfg.Fakes, "fakes", "", "`name` of a second file, with fakes of the clients for tests (default none)")
	c.flags.Var((*list)(&c.cfg.Types), "type", "`structs` to write clients for, separated by commas (default all exported ones)")
	c.flags.Var((*list)(&c.cfg.Exclude), "exclude", "`methods` that are not handlers, as Type.Method, separated by commas")
	c.flags.Var((*list)(&c.cfg.Tags), "tags", "build `tags` to read the package with, separated by commas")
	return c
}

// readDir reads the argument, a directory.
func (c *genCommand) readDir() error {
	if c.flags.NArg() > 1 {
		return fmt.Errorf("%d directories; name one, after the flags", c.flags.NArg())
	}
	c.cfg.Dir = c.flags.Arg(0)
	return nil
}

// runGen runs the command gen.
func runGen(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c := newGenCommand()
	if code, done := parse(c.flags, args, stdout, stderr); done {
		return code
	}
	if err := c.readDir(); err != nil {
		fmt.Fprintf(stderr, "fxrestate gen: %v\n", err)
		return exitUsage
	}
	if !c.check || c.flags.NFlag() > 1 {
		return c.run(ctx, stderr)
	}
	commands, err := c.fromDirectives()
	if err != nil {
		report(stderr, err)
		return exitFailed
	}
	code := exitOK
	for _, each := range commands {
		code = max(code, each.run(ctx, stderr))
	}
	return code
}

// fromDirectives returns the command lines of the go:generate lines in the directory, as
// checks. If there are none, it returns c.
func (c *genCommand) fromDirectives() ([]*genCommand, error) {
	dir := cmp.Or(c.cfg.Dir, ".")
	lines, err := directives(dir)
	if err != nil || len(lines) == 0 {
		return []*genCommand{c}, err
	}
	commands := make([]*genCommand, 0, len(lines))
	var wrong []error
	for _, line := range lines {
		each := newGenCommand()
		each.flags.SetOutput(io.Discard)
		err := each.flags.Parse(line.args)
		if err == nil {
			err = each.readDir()
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("gen: the go:generate line in %s: %w", filepath.Join(dir, line.position), err))
			continue
		}
		each.check = true
		if !filepath.IsAbs(each.cfg.Dir) {
			each.cfg.Dir = filepath.Join(dir, each.cfg.Dir)
		}
		commands = append(commands, each)
	}
	return commands, errors.Join(wrong...)
}

// run generates a file, and writes or checks it.
func (c *genCommand) run(ctx context.Context, stderr io.Writer) int {
	file, err := gen.Generate(ctx, c.cfg)
	if err != nil {
		report(stderr, err)
		if _, ok := errors.AsType[*gen.Problem](err); ok {
			fmt.Fprintln(stderr, "fxrestate gen: nothing was written; use -exclude for methods that are not handlers, and -type to choose structs")
		}
		return exitFailed
	}
	for _, w := range file.Warnings {
		fmt.Fprintf(stderr, "fxrestate gen: warning: %s\n", strings.TrimPrefix(w.Error(), "gen: "))
	}
	if c.check {
		err = file.Check()
	} else {
		_, err = file.Write()
	}
	if err != nil {
		reportFiles(stderr, err)
		return exitFailed
	}
	return exitOK
}

// reportFiles prints what is wrong with each file, and what would change.
func reportFiles(w io.Writer, err error) {
	if files, ok := err.(interface{ Unwrap() []error }); ok {
		for _, each := range files.Unwrap() {
			reportFiles(w, each)
		}
		return
	}
	report(w, err)
	if stale, ok := errors.AsType[*gen.StaleError](err); ok {
		fmt.Fprint(w, stale.Diff)
	}
}

// report prints an error. Each line of the error begins with "gen: ".
func report(w io.Writer, err error) {
	for line := range strings.Lines(err.Error() + "\n") {
		fmt.Fprint(w, "fxrestate "+line)
	}
}

// list is a flag with comma-separated values. It may be repeated.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(text string) error {
	for _, value := range strings.Split(text, ",") {
		if value = strings.TrimSpace(value); value != "" {
			*l = append(*l, value)
		}
	}
	return nil
}
