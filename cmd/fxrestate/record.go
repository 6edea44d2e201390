package main

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/server"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/internal/journal"
)

// newRecord returns the command record.
func newRecord(t *terminal.Terminal) *cobra.Command {
	var flags server.Flags
	var output string
	var redact list
	cmd := &cobra.Command{
		Use:   "record <invocation>",
		Short: "Write the journal of an invocation for tests",
		Long: `Writes the journal of an invocation, whose id begins with inv_, for
restatetest.Replay, which replays it against the handlers of today.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := flags.Client()
			if err != nil {
				return err
			}
			defer client.CloseIdleConnections()
			return record(cmd.Context(), client, args[0], output, redact, t)
		},
	}
	flags.Add(cmd)
	cmd.Flags().StringVarP(&output, "output", "o", "", "`name` of the file (default: the standard output)")
	cmd.Flags().Var(&redact, "redact", "`names` whose values are replaced, separated by commas: of fields, headers, steps, states, or handlers as service/handler")
	return cmd
}

func record(ctx context.Context, server *admin.Client, id, output string, redact []string, t *terminal.Terminal) error {
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
	_, err = t.Out.Write(text)
	return err
}
