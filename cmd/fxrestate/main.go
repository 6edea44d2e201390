package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

const usage = `fxrestate is the command line tool of github.com/fxrestate/go.

  fxrestate gen [flags] [directory]   write typed clients for handler structs
  fxrestate record [flags] invocation write the journal of an invocation for tests
  fxrestate help [command]            show help
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run runs a command line and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return exitUsage
	}
	switch command, rest := args[0], args[1:]; command {
	case "gen":
		return runGen(ctx, rest, stdout, stderr)
	case "record":
		return runRecord(ctx, rest, stdout, stderr)
	case "help", "-h", "-help", "--help":
		if len(rest) > 0 && (rest[0] == "gen" || rest[0] == "record") {
			return run(ctx, []string{rest[0], "-h"}, stdout, stderr)
		}
		fmt.Fprint(stdout, usage)
		return exitOK
	default:
		fmt.Fprintf(stderr, "fxrestate: there is no command %q\n\n%s", command, usage)
		return exitUsage
	}
}

// parse parses the flags of a command. If there is nothing left to do, because help
// was requested or the flags are wrong, done is true and code is the exit code.
func parse(flags *flag.FlagSet, args []string, stdout, stderr io.Writer) (code int, done bool) {
	flags.SetOutput(io.Discard)
	err := flags.Parse(args)
	switch {
	case err == nil:
		return 0, false
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(stdout)
		flags.Usage()
		return exitOK, true
	default:
		fmt.Fprintf(stderr, "fxrestate %s: %v; see fxrestate help %[1]s\n", flags.Name(), err)
		return exitUsage, true
	}
}
