package state

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/server"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
)

func newGet(t *terminal.Terminal) *cobra.Command {
	var flags server.Flags
	var raw bool
	cmd := &cobra.Command{
		Use:   "get <service> <key> [name]",
		Short: "Show the state of a key, or one value of it",
		Args:  cobra.RangeArgs(2, 3),
		RunE: func(cmd *cobra.Command, args []string) error {
			if raw && len(args) < 3 {
				return terminal.Usagef("--raw is for one value: name it")
			}
			client, err := flags.Client()
			if err != nil {
				return err
			}
			defer client.CloseIdleConnections()
			return get(cmd.Context(), t, client, args, raw)
		},
		ValidArgsFunction: completeKeyed(&flags),
	}
	flags.Add(cmd)
	cmd.Flags().BoolVar(&raw, "raw", false, "write the bytes of the value as they are")
	return cmd
}

// document is what get prints as JSON.
type document struct {
	Service string           `json:"service"`
	Key     string           `json:"key"`
	Version string           `json:"version"`
	State   map[string]value `json:"state"`
}

func get(ctx context.Context, t *terminal.Terminal, client *admin.Client, args []string, raw bool) error {
	done := t.Progress("reading the state")
	state, err := read(ctx, client, args[0], args[1])
	done()
	if err != nil {
		return err
	}
	version := admin.StateVersion(state)
	names := slices.Sorted(maps.Keys(state))
	if len(args) == 3 {
		one, ok := state[args[2]]
		if !ok {
			return missing(args[2], names)
		}
		if raw {
			_, err := t.Out.Write(one)
			return err
		}
		if !t.JSON {
			t.Printf("%s\n", terminal.Escape(text(one)))
			return nil
		}
		state, names = values{args[2]: one}, args[2:]
	}
	if t.JSON {
		d := document{args[0], args[1], version, map[string]value{}}
		for _, name := range names {
			d.State[name] = valueOf(state[name])
		}
		return t.WriteJSON(d)
	}
	if len(state) == 0 {
		t.Notef("there is no state")
		return nil
	}
	table := terminal.Table{Header: []string{"Name", "Value"}}
	for _, name := range names {
		table.Rows = append(table.Rows, []string{name, text(state[name])})
	}
	t.Table(table)
	t.Notef("\nVersion %s", version)
	return nil
}

func missing(name string, names []string) error {
	if len(names) == 0 {
		return fmt.Errorf("there is no state %q, nor any other", terminal.Escape(name))
	}
	return fmt.Errorf("there is no state %q, but %s", terminal.Escape(name), terminal.Escape(strings.Join(names, ", ")))
}
