package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/internal/gen"
)

// genCommand is a command line of gen.
type genCommand struct {
	cfg   gen.Config
	check bool
	flags *pflag.FlagSet
}

func newGenCommand(flags *pflag.FlagSet) *genCommand {
	c := &genCommand{flags: flags}
	flags.BoolVar(&c.check, "check", false, "write nothing; fail if the file is not up to date (without other flags: those of the go:generate lines)")
	flags.StringVar(&c.cfg.Output, "output", gen.DefaultOutput, "`name` of the file")
	flags.StringVar(&c.cfg.Fakes, "fakes", "", "`name` of a second file, with fakes of the clients for tests (default none)")
	flags.Var((*list)(&c.cfg.Types), "type", "`structs` to write clients for, separated by commas (default all exported ones)")
	flags.Var((*list)(&c.cfg.Exclude), "exclude", "`methods` that are not handlers, as Type.Method, separated by commas")
	flags.Var((*list)(&c.cfg.Tags), "tags", "build `tags` to read the package with, separated by commas")
	return c
}

// newGen returns the command gen.
func newGen(t *terminal.Terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gen [directory]",
		Short: "Write typed clients for handler structs",
		Long: `Writes typed clients for the handler structs of the package in the directory, by
default the current one, into a file beside them. Usually go generate runs it:

  //go:generate go tool fxrestate gen`,
		Args: cobra.MaximumNArgs(1),
	}
	c := newGenCommand(cmd.LocalNonPersistentFlags())
	cmd.Flags().AddFlagSet(c.flags)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			c.cfg.Dir = args[0]
		}
		return c.runAll(cmd.Context(), t)
	}
	return cmd
}

// runAll runs the command line, or those of the go:generate lines to check them.
func (c *genCommand) runAll(ctx context.Context, t *terminal.Terminal) error {
	changed := 0
	c.flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed {
			changed++
		}
	})
	if !c.check || changed > 1 {
		return c.run(ctx, t.Err)
	}
	commands, err := c.fromDirectives()
	if err != nil {
		report(t.Err, err)
		return errReported
	}
	for _, each := range commands {
		if failed := each.run(ctx, t.Err); failed != nil {
			err = failed
		}
	}
	return err
}

// errReported ends a command that has said what is wrong.
var errReported error = &terminal.Exit{Code: terminal.CodeFailed}

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
		each := newGenCommand(pflag.NewFlagSet("gen", pflag.ContinueOnError))
		err := each.parse(line.args)
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

// parse reads the command line of a go:generate line.
func (c *genCommand) parse(args []string) error {
	if err := c.flags.Parse(args); err != nil {
		return explained(err)
	}
	if c.flags.NArg() > 1 {
		return fmt.Errorf("%d directories; name one", c.flags.NArg())
	}
	c.cfg.Dir = c.flags.Arg(0)
	return nil
}

// run generates a file, and writes or checks it.
func (c *genCommand) run(ctx context.Context, stderr io.Writer) error {
	file, err := gen.Generate(ctx, c.cfg)
	if err != nil {
		report(stderr, err)
		if _, ok := errors.AsType[*gen.Problem](err); ok {
			fmt.Fprintln(stderr, "fxrestate gen: nothing was written; use --exclude for methods that are not handlers, and --type to choose structs")
		}
		return errReported
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
		return errReported
	}
	return nil
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

// String returns the values.
func (l *list) String() string { return strings.Join(*l, ",") }

// Type is for the help.
func (l *list) Type() string { return "list" }

// Set adds values.
func (l *list) Set(text string) error {
	for _, value := range strings.Split(text, ",") {
		if value = strings.TrimSpace(value); value != "" {
			*l = append(*l, value)
		}
	}
	return nil
}
