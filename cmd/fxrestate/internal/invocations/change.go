package invocations

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/server"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
)

// change is a command that changes invocations.
type change struct {
	operation admin.Operation
	name      string // of the command
	short     string
	means     string // what it does to an invocation, as a sentence
	done      string // what has become of one, as a word
	of        []admin.InvocationStatus
}

var changes = []change{
	{
		operation: admin.OperationCancel, name: "cancel", done: "cancelled", of: unfinished,
		short: "Ask invocations to stop and to compensate",
		means: "A handler that runs or waits gets an error where it next waits, so that it can compensate, and what it called is cancelled too.",
	},
	{
		operation: admin.OperationKill, name: "kill", done: "killed", of: unfinished,
		short: "End invocations at once, without compensation",
		means: "It ends at once and its handler is not told: no compensation runs, and what it has half changed stays as it is.",
	},
	{
		operation: admin.OperationPause, name: "pause", done: "paused", of: []admin.InvocationStatus{admin.StatusRunning, admin.StatusBackingOff},
		short: "Stop invocations until they are resumed",
		means: "It makes no attempts until it is resumed. A handler that runs goes on until it waits for something.",
	},
	{
		operation: admin.OperationResume, name: "resume", done: "resumed", of: []admin.InvocationStatus{admin.StatusPaused},
		short: "Let paused invocations go on, and failing ones try again at once",
		means: "It goes on where it stopped, by its journal.",
	},
	{
		operation: admin.OperationRestart, name: "restart", done: "restarted", of: completed,
		short: "Start completed invocations again, as new ones",
		means: "A new invocation runs with the same input. The old one stays as it is.",
	},
	{
		operation: admin.OperationPurge, name: "purge", done: "purged", of: completed,
		short: "Forget completed invocations",
		means: "Its result, its journal and its idempotency key are gone, and for a workflow its state and promises: the same call runs again.",
	},
}

var (
	unfinished = []admin.InvocationStatus{
		admin.StatusScheduled, admin.StatusPending, admin.StatusReady, admin.StatusRunning, admin.StatusSuspended, admin.StatusBackingOff, admin.StatusPaused,
	}
	completed = []admin.InvocationStatus{admin.StatusCompleted}
)

// request is what one command line asks for.
type request struct {
	change
	ids         []string
	filter      filter
	all, dryRun bool
	options     admin.BatchOptions
	journalOnly bool
	suspended   map[string]bool // of those that are named by their ids
	flags       server.Flags
}

// The values of --deployment that are no ids.
const (
	onLatest = "latest"
	onPinned = "pinned"
)

func (c change) command(t *terminal.Terminal) *cobra.Command {
	r := &request{change: c}
	deployment := "deployment"
	cmd := &cobra.Command{
		Use:   c.name + " [id]…",
		Short: c.short,
		Long: c.means + `

Name invocations by their ids, or select them by flags; without --status these are the ones
that are ` + words(c.of) + `. The command shows what it takes, and asks. The exit code is 1
if the server has refused some of them.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			r.ids = args
			if err := r.check(); err != nil {
				return err
			}
			return r.flags.With(cmd.Context(), func(ctx context.Context, client *admin.Client) error { return r.run(ctx, t, client) })
		},
		ValidArgsFunction: r.flags.Complete(idsOf(c.of...)),
	}
	r.flags.Add(cmd)
	t.AddChange(cmd, &r.dryRun)
	switch c.operation {
	case admin.OperationResume:
		deployment = "from-deployment"
		cmd.Flags().StringVar(&r.options.Deployment, "deployment", "", "go on with this deployment, by `id`, or with the "+onLatest+" one of the service (default: that to which it is bound)")
	case admin.OperationRestart:
		deployment = "from-deployment"
		cmd.Flags().IntVar(&r.options.From, "from", 0, "take over the journal up to the entry with this `index`, with its results")
		cmd.Flags().StringVar(&r.options.Deployment, "deployment", "", "go on with this deployment, by `id`, or with that of the old invocation, "+onPinned+"; only with --from (default "+onLatest+")")
	case admin.OperationPurge:
		cmd.Flags().BoolVar(&r.journalOnly, "journal-only", false, "keep the result and the idempotency key; it cannot be restarted then")
	}
	if deployment != "deployment" {
		_ = cmd.RegisterFlagCompletionFunc("deployment", r.flags.Complete(server.Deployments)) // it fails for a flag that is not there
	}
	r.filter.add(cmd, deployment, "take at most so many (default: all that are selected)", &r.flags)
	cmd.Flags().BoolVar(&r.all, "all", false, "take the invocations of all services")
	return cmd
}

func words(statuses []admin.InvocationStatus) string {
	var words []string
	for _, s := range statuses {
		words = append(words, string(s))
	}
	if len(words) == 1 {
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// check finds what is wrong before a server is asked.
func (r *request) check() error {
	switch {
	case len(r.ids) > 0 && (r.filter.given() || r.all || r.filter.limit != 0):
		return terminal.Usagef("name ids or select by flags, not both")
	case r.all && r.filter.given():
		return terminal.Usagef("--all does not go with flags that select")
	case len(r.ids) == 0 && !r.all && !r.filter.given():
		return terminal.Usagef("name the ids of invocations, select some by flags such as --service, or take --all")
	case r.operation == admin.OperationPause && slices.Contains(r.filter.statuses, string(admin.StatusSuspended)):
		return terminal.Usagef("the server pauses none that are suspended: an invocation can be paused once it runs")
	case r.operation == admin.OperationRestart && r.options.From < 0:
		return terminal.Usagef("--from is the index of an entry, and not negative")
	case r.operation == admin.OperationRestart && r.options.Deployment != "" && r.options.From == 0:
		return terminal.Usagef("--deployment goes with --from only: a restart from the beginning runs on the latest deployment")
	}
	if r.journalOnly {
		r.operation = admin.OperationPurgeJournal
		r.means = "Its journal is gone, and it cannot be restarted. Its result and its idempotency key stay."
	}
	switch d := r.options.Deployment; {
	case r.operation == admin.OperationRestart && d == onLatest:
		r.options.Deployment = admin.RestartOnLatest
	case r.operation == admin.OperationRestart && d == onPinned:
		r.options.Deployment = admin.RestartOnPinned
	case d != "" && d != onLatest && !strings.HasPrefix(d, "dp_"):
		return terminal.Usagef("--deployment is the id of a deployment, which begins with dp_, or %s, not %q", onLatest, d)
	}
	var errs []error
	for _, id := range r.ids {
		if err := admin.CheckInvocationID(id); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 {
		return terminal.Usagef("%w; nothing was changed", errors.Join(errs...))
	}
	slices.Sort(r.ids)
	r.ids = slices.Compact(r.ids)
	return nil
}

// run selects, shows, asks and changes.
func (r *request) run(ctx context.Context, t *terminal.Terminal, client *admin.Client) error {
	f, ids, err := r.selected(ctx, t, client)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		if t.JSON {
			return t.WriteJSON(r.report(nil, admin.BatchResult{}))
		}
		t.Notef("there is no such invocation; nothing was changed")
		return nil
	}
	some, err := r.look(ctx, client, ids)
	if err != nil {
		return fmt.Errorf("%w; nothing was changed", err)
	}
	r.show(t, some, len(ids))
	if r.dryRun {
		if t.JSON {
			return t.WriteJSON(r.report(ids, admin.BatchResult{}))
		}
		t.Notef("\nThis is a dry run: nothing was changed.")
		return nil
	}
	if err := t.Confirm(ctx, r.question(len(ids))); err != nil {
		return err
	}
	done := t.Progress(fmt.Sprintf("to be %s: %s", r.done, terminal.Plural(len(ids), "invocation")))
	result, err := r.do(ctx, client, f, ids)
	done()
	if shown := r.result(t, ids, result); shown != nil {
		return shown
	}
	if err != nil {
		return fmt.Errorf("%w; %d of %d were %s before", err, result.Succeeded, len(ids), r.done)
	}
	if n := len(result.Failures); n > 0 {
		return &terminal.Exit{Code: terminal.CodeFailed, Err: fmt.Errorf("%d of %d could not be %s", n, len(ids), r.done)}
	}
	return nil
}

// selected returns the ids of all that is taken, and the filter for it.
func (r *request) selected(ctx context.Context, t *terminal.Terminal, client *admin.Client) (admin.InvocationFilter, []string, error) {
	if len(r.ids) > 0 {
		return admin.InvocationFilter{Statuses: admin.AllStatuses()}, r.ids, nil
	}
	f, err := r.filter.invocations(t.Now())
	if err != nil {
		return f, nil, err
	}
	if len(f.Statuses) == 0 {
		f.Statuses = r.of
	}
	defer t.Progress("selecting invocations")()
	options := r.options
	options.DryRun, options.All = true, r.all
	result, err := client.Batch(ctx, r.operation, f, options)
	return f, result.IDs, err
}

// look returns the first invocations, to be shown. Those that were named must be there.
func (r *request) look(ctx context.Context, client *admin.Client, ids []string) ([]admin.Invocation, error) {
	if len(r.ids) > 0 {
		some, err := find(ctx, client, ids)
		r.suspended = map[string]bool{}
		for _, i := range some {
			r.suspended[i.ID] = i.Status == admin.StatusSuspended
		}
		return some[:min(len(some), shown)], err
	}
	return client.Invocations(ctx, admin.InvocationFilter{IDs: ids[:min(len(ids), shown)], Statuses: admin.AllStatuses()})
}

// page is how many invocations one batch gets.
const page = 256

// do changes the invocations that were shown, and no others. Those that the filter no longer
// selects are skipped.
func (r *request) do(ctx context.Context, client *admin.Client, f admin.InvocationFilter, ids []string) (admin.BatchResult, error) {
	var all admin.BatchResult
	f.Limit = 0
	for some := range slices.Chunk(ids, page) {
		f.IDs = some
		result, err := client.Batch(ctx, r.operation, f, r.options)
		all.Succeeded += result.Succeeded
		all.Failures = append(all.Failures, result.Failures...)
		for id, restarted := range result.Restarted {
			if all.Restarted == nil {
				all.Restarted = map[string]string{}
			}
			all.Restarted[id] = restarted
		}
		all.Skipped = append(all.Skipped, result.Skipped...)
		if err != nil {
			return all, err // of the rest of the page it is not known what was done
		}
		all.IDs = append(all.IDs, result.IDs...)
		for _, id := range some {
			if !slices.Contains(result.IDs, id) {
				all.Skipped = append(all.Skipped, id)
			}
		}
	}
	return all, nil
}
