package invocations

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/server"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
)

// listed is the default of --limit.
const listed = 100

func newList(t *terminal.Terminal) *cobra.Command {
	var flags server.Flags
	var f filter
	cmd := &cobra.Command{
		Use:   "list [service | service/handler | service/key/handler]",
		Short: "List invocations, those first that are stuck",
		Long: `Lists the invocations that have not completed: first those that are paused, then those
that fail and are tried again, then the others, each in the order in which they last changed.
Flags select some of them, and --status all has the completed ones too.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, target := range args {
				if strings.HasPrefix(target, "inv_") {
					return terminal.Usagef("for one invocation there is %s", flags.Next("invocations", "describe", target))
				}
				if err := f.target(target); err != nil {
					return terminal.Usagef("%w", err)
				}
			}
			selected, err := f.invocations(t.Now())
			if err != nil {
				return err
			}
			return flags.With(cmd.Context(), func(ctx context.Context, client *admin.Client) error {
				return list(ctx, t, client, &flags, selected)
			})
		},
		ValidArgsFunction: flags.CompleteFirst(server.Services),
	}
	flags.Add(cmd)
	f.add(cmd, "deployment", "list at most so many (default "+strconv.Itoa(listed)+")", &flags)
	return cmd
}

func list(ctx context.Context, t *terminal.Terminal, client *admin.Client, flags *server.Flags, f admin.InvocationFilter) error {
	limit := cmp.Or(f.Limit, listed)
	done := t.Progress("listing invocations")
	found, err := stuckFirst(ctx, client, f, limit+1)
	done()
	if err != nil {
		return err
	}
	more := len(found) > limit
	found = found[:min(limit, len(found))]
	if t.JSON {
		return t.WriteJSON(struct {
			Invocations []admin.Invocation `json:"invocations"`
			More        bool               `json:"more"`
		}{append([]admin.Invocation{}, found...), more})
	}
	if len(found) == 0 {
		t.Notef("there is no such invocation")
		return nil
	}
	t.Table(tableOf(t, found))
	if more {
		t.Notef("\nThere are more than these %d; see --limit and the flags that select.", limit)
	}
	if stuck := found[0]; rank(stuck) <= rankFailing {
		t.Notef("\nTo see what is wrong with the first: %s", flags.Next("invocations", "describe", stuck.ID))
	}
	return nil
}

// tableOf returns the table of invocations.
func tableOf(t *terminal.Terminal, found []admin.Invocation) terminal.Table {
	table := terminal.Table{
		Header: []string{"Id", "Target", "Status", "Since", "Attempts", "Last failure"},
		Below:  true,
		Style: func(r, c int) terminal.Style {
			if c == 2 {
				return styleOf(found[r])
			}
			return terminal.Plain
		},
	}
	for _, i := range found {
		attempts := ""
		if i.RetryCount > 0 {
			attempts = strconv.Itoa(i.RetryCount)
		}
		table.Rows = append(table.Rows, []string{i.ID, targetOf(i), string(i.Status), t.Since(i.ModifiedAt), attempts, terminal.Cut(failureOf(i), shownFailure)})
	}
	return table
}

// shownFailure limits a failure in a table, in characters.
const shownFailure = 200

// The ranks of invocations in a list.
const (
	rankPaused = iota
	rankFailing
	rankOther
	rankCompleted
)

func rank(i admin.Invocation) int {
	switch {
	case i.Status == admin.StatusPaused:
		return rankPaused
	case i.Status == admin.StatusBackingOff, i.Status != admin.StatusCompleted && i.LastFailure != "":
		return rankFailing
	case i.Status == admin.StatusCompleted:
		return rankCompleted
	default:
		return rankOther
	}
}

// stuckFirst returns what a filter selects by ranks. It asks for each rank, so that the limit
// cuts off the last ones.
func stuckFirst(ctx context.Context, client *admin.Client, f admin.InvocationFilter, limit int) ([]admin.Invocation, error) {
	var found []admin.Invocation
	for _, statuses := range [][]admin.InvocationStatus{
		{admin.StatusPaused},
		{admin.StatusBackingOff},
		{admin.StatusRunning, admin.StatusReady, admin.StatusPending, admin.StatusSuspended, admin.StatusScheduled},
		{admin.StatusCompleted},
	} {
		part := f
		part.Statuses = slices.DeleteFunc(statuses, func(s admin.InvocationStatus) bool {
			return !slices.Contains(f.Statuses, s) && (len(f.Statuses) > 0 || s == admin.StatusCompleted)
		})
		part.Limit = limit - len(found)
		if len(part.Statuses) == 0 || part.Limit == 0 {
			continue
		}
		invocations, err := client.Invocations(ctx, part)
		if err != nil {
			return nil, err
		}
		found = append(found, invocations...)
	}
	// One that changed its status between two queries is in both.
	seen := map[string]bool{}
	found = slices.DeleteFunc(found, func(i admin.Invocation) bool {
		again := seen[i.ID]
		seen[i.ID] = true
		return again
	})
	slices.SortStableFunc(found, func(a, b admin.Invocation) int { return cmp.Compare(rank(a), rank(b)) })
	return found, nil
}
