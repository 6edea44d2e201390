package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/fxrestate/go/internal/gen"
)

const genUsage = `fxrestate gen [flags] [directory]

Writes typed clients for the handler structs of the package in the directory, by
default the current one, into a file beside them. Usually go generate runs it:

  //go:generate go tool fxrestate gen

Flags:
`

// runGen runs the command gen.
func runGen(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var cfg gen.Config
	flags := flag.NewFlagSet("gen", flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), genUsage)
		flags.PrintDefaults()
	}
	check := flags.Bool("check", false, "write nothing; fail if the file is not up to date")
	flags.StringVar(&cfg.Output, "output", gen.DefaultOutput, "`name` of the file")
	flags.Var((*list)(&cfg.Types), "type", "`structs` to write clients for, separated by commas (default all)")
	flags.Var((*list)(&cfg.Exclude), "exclude", "`methods` that are not handlers, as Type.Method, separated by commas")
	flags.Var((*list)(&cfg.Tags), "tags", "build `tags` to read the package with, separated by commas")
	if code, done := parse(flags, args, stdout, stderr); done {
		return code
	}
	if flags.NArg() > 1 {
		fmt.Fprintf(stderr, "fxrestate gen: %d directories; name one, after the flags\n", flags.NArg())
		return exitUsage
	}
	cfg.Dir = flags.Arg(0)

	file, err := gen.Generate(ctx, cfg)
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
	if *check {
		err = file.Check()
	} else {
		_, err = file.Write()
	}
	if err != nil {
		report(stderr, err)
		if stale, ok := errors.AsType[*gen.StaleError](err); ok {
			fmt.Fprint(stderr, stale.Diff)
		}
		return exitFailed
	}
	return exitOK
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
