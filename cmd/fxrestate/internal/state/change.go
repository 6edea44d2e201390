package state

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/server"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/internal/backoff"
)

// change is what one command line asks for.
type change struct {
	flags        server.Flags
	service, key string
	version      string
	dryRun       bool
	timeout      terminal.Duration
	apply        func(state values) (values, error)
}

func (c *change) add(t *terminal.Terminal, cmd *cobra.Command) {
	c.timeout = terminal.Duration(30 * time.Second)
	c.flags.Add(cmd)
	t.AddChange(cmd, &c.dryRun)
	cmd.Flags().StringVar(&c.version, "version", "", "change the state only if it still has this `version`, as get shows it")
	cmd.Flags().Var(&c.timeout, "timeout", "wait at most so long for the server to do it")
	cmd.ValidArgsFunction = completeKeyed(&c.flags)
}

func newSet(t *terminal.Terminal) *cobra.Command {
	var c change
	var replace, raw bool
	cmd := &cobra.Command{
		Use:   "set <service> <key> name=json…",
		Short: "Set values of the state of a key",
		Long: `Sets values and leaves the others, after it has shown what changes. The server replaces a
state as a whole, in turn with the invocations of the key: nothing is written if the state
has changed in between.`,
		Example: `  fxrestate state set Cart ada 'items=["tea"]' paid=false`,
		Args:    cobra.MinimumNArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			given, err := parse(args[2:], raw)
			if err != nil {
				return err
			}
			c.service, c.key = args[0], args[1]
			c.apply = func(state values) (values, error) {
				if replace {
					return given, nil
				}
				after := maps.Clone(state)
				maps.Copy(after, given)
				return after, nil
			}
			return c.run(cmd.Context(), t)
		},
	}
	c.add(t, cmd)
	cmd.Flags().BoolVar(&replace, "replace", false, "remove all other values")
	cmd.Flags().BoolVar(&raw, "raw", false, "take the values as they are, for another codec than JSON")
	return cmd
}

func newClear(t *terminal.Terminal) *cobra.Command {
	var c change
	cmd := &cobra.Command{
		Use:   "clear <service> <key> [name]…",
		Short: "Remove the state of a key, or some values of it",
		Args:  cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.service, c.key = args[0], args[1]
			c.apply = func(state values) (values, error) {
				after := values{}
				if len(args) > 2 {
					after = maps.Clone(state)
				}
				for _, name := range args[2:] {
					if _, ok := state[name]; !ok {
						return nil, missing(name, slices.Sorted(maps.Keys(state)))
					}
					delete(after, name)
				}
				return after, nil
			}
			return c.run(cmd.Context(), t)
		},
	}
	c.add(t, cmd)
	return cmd
}

// parse reads words as name=value.
func parse(words []string, raw bool) (values, error) {
	given := values{}
	for _, word := range words {
		name, text, ok := strings.Cut(word, "=")
		switch {
		case !ok || name == "":
			return nil, terminal.Usagef("%q is not name=value", terminal.Escape(word))
		case given[name] != nil:
			return nil, terminal.Usagef("%q is there twice", terminal.Escape(name))
		case !raw && (!json.Valid([]byte(text)) || !utf8.ValidString(text)):
			return nil, terminal.Usagef("the value of %q is not JSON, which a text has in quotes: '%s=\"text\"'", terminal.Escape(name), terminal.Escape(name))
		}
		given[name] = json.RawMessage(text)
	}
	return given, nil
}

// result is what a change prints as JSON.
type result struct {
	DryRun  bool      `json:"dry_run"`
	Changes []changed `json:"changes"`
	Before  string    `json:"version_before"`
	After   string    `json:"version"`
	Applied bool      `json:"applied"`
	Behind  string    `json:"applied_after,omitempty"` // an invocation
}

type changed struct {
	Name   string `json:"name"`
	Before *value `json:"before"`
	After  *value `json:"after"`
}

func (c *change) run(ctx context.Context, t *terminal.Terminal) error {
	client, err := c.flags.Client()
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	before, err := read(ctx, client, c.service, c.key)
	if err != nil {
		return err
	}
	r := result{DryRun: c.dryRun, Changes: []changed{}, Before: admin.StateVersion(before)}
	if c.version != "" && c.version != r.Before {
		return fmt.Errorf("the state has changed: its version is %s; nothing was written", r.Before)
	}
	after, err := c.apply(before)
	if err != nil {
		return err
	}
	r.After = admin.StateVersion(after)
	r.compare(before, after)
	switch {
	case len(r.Changes) == 0:
		r.Applied = true
		if !t.JSON {
			t.Notef("the state is so already; nothing was written")
		}
	case !t.JSON:
		r.show(t)
	}
	if len(r.Changes) > 0 && !c.dryRun {
		if err := t.Confirm(ctx, fmt.Sprintf("Write the state of %s?", terminal.Escape(c.service+"/"+c.key))); err != nil {
			return err
		}
		if err := c.write(ctx, t, client, after, &r); err != nil {
			return err
		}
	}
	if t.JSON {
		return t.WriteJSON(r)
	}
	switch {
	case len(r.Changes) == 0:
	case c.dryRun:
		t.Notef("\nThis is a dry run: nothing was written.")
	case r.Behind != "":
		t.Notef("\nThe server writes it when %s has ended, which holds the key, if that leaves the state as it is. To see it: %s",
			r.Behind, c.flags.Next("invocations", "describe", r.Behind))
	default:
		t.Notef("\nWritten; the version is %s", r.After)
	}
	return nil
}

// compare adds what is changed.
func (r *result) compare(before, after values) {
	names := map[string]bool{}
	for _, state := range []values{before, after} {
		for name := range state {
			names[name] = true
		}
	}
	side := func(state values, name string) *value {
		raw, ok := state[name]
		if !ok {
			return nil
		}
		v := valueOf(raw)
		return &v
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		old, was := before[name]
		new, is := after[name]
		if was != is || !bytes.Equal(old, new) {
			r.Changes = append(r.Changes, changed{name, side(before, name), side(after, name)})
		}
	}
}

// show shows what is changed, as diff does.
func (r *result) show(t *terminal.Terminal) {
	line := func(style terminal.Style, sign, name string, v *value) {
		if v == nil {
			return
		}
		raw := v.Value
		if raw == nil {
			raw = v.Base64
		}
		t.Printf("%s\n", t.Paint(style, terminal.Escape(sign+" "+name+" = "+text(raw))))
	}
	for _, c := range r.Changes {
		line(terminal.Bad, "-", c.Name, c.Before)
		line(terminal.Good, "+", c.Name, c.After)
	}
}

// poll is how often it is looked whether the server has written a state.
const poll = 50 * time.Millisecond

// write writes a state and waits until the server has, unless an invocation is before it.
func (c *change) write(ctx context.Context, t *terminal.Terminal, client *admin.Client, after values, r *result) error {
	defer t.Progress("writing the state")()
	if err := client.ModifyState(ctx, c.service, c.key, admin.ModifyStateRequest{State: after, Version: r.Before}); err != nil {
		return err
	}
	waiting, cancel := context.WithTimeoutCause(ctx, time.Duration(c.timeout), errors.New("the server has not written the state in time; see what get shows"))
	defer cancel()
	for {
		queue, err := client.Queue(waiting, c.service, c.key)
		if err != nil {
			return err
		}
		now, err := client.State(waiting, c.service, c.key)
		if err != nil {
			return err
		}
		switch version := admin.StateVersion(now); {
		case version == r.After:
			r.Applied = true
			return nil
		case version != r.Before:
			return fmt.Errorf("something else has changed the state meanwhile, so this was not written, or has been changed again; see %s",
				c.flags.Next("state", "get", "--", c.service, c.key)) // the key may begin with a dash
		case queue.Holder != nil:
			r.Behind = queue.Holder.ID
			return nil
		}
		if !backoff.Sleep(waiting, poll) {
			return context.Cause(waiting)
		}
	}
}
