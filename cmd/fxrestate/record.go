package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/journal"
)

const recordUsage = `fxrestate record [flags] invocation

Writes the journal of an invocation, whose id begins with inv_, for
restatetest.Replay, which replays it against the handlers of today.

Flags:
`

// runRecord runs the command record.
func runRecord(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var cfg admin.Config
	var output string
	var redact list
	flags := flag.NewFlagSet("record", flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), recordUsage)
		flags.PrintDefaults()
	}
	flags.StringVar(&cfg.URL, "admin", cmp.Or(os.Getenv("RESTATE_ADMIN_URL"), admin.DefaultURL), "`URL` of the server's admin API (default RESTATE_ADMIN_URL)")
	flags.StringVar(&output, "o", "", "`name` of the file (default: the standard output)")
	flags.Var(&redact, "redact", "`names` whose values are replaced, separated by commas: of fields, headers, steps, states, or handlers as service/handler")
	if code, done := parse(flags, args, stdout, stderr); done {
		return code
	}
	if flags.NArg() != 1 {
		fmt.Fprintf(stderr, "fxrestate record: %d invocations; name one, after the flags\n", flags.NArg())
		return exitUsage
	}
	cfg.AuthToken = os.Getenv("RESTATE_AUTH_TOKEN") // a flag would be seen by everybody on the machine
	if err := record(ctx, cfg, flags.Arg(0), output, redact, stdout); err != nil {
		fmt.Fprintf(stderr, "fxrestate record: %v\n", err)
		return exitFailed
	}
	return exitOK
}

func record(ctx context.Context, cfg admin.Config, id, output string, redact []string, stdout io.Writer) error {
	server, err := admin.New(cfg)
	if err != nil {
		return err
	}
	defer server.CloseIdleConnections()
	j, err := journal.Record(ctx, server, id)
	if err != nil {
		return err
	}
	j.Redact(redact...)
	if cmp.Or(output, "-") != "-" {
		return j.Write(output)
	}
	text, err := j.Append(nil)
	if err != nil {
		return err
	}
	_, err = stdout.Write(text)
	return err
}
