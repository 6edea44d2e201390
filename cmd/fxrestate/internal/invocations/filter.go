package invocations

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/server"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
)

// filter has the flags that select invocations.
type filter struct {
	services, handlers, keys, statuses, deployments, invokedBy, traces, idempotencyKeys []string
	olderThan                                                                           terminal.Duration
	minRetries, limit                                                                   int
	flags                                                                               *pflag.FlagSet
	deployment                                                                          string // name of that flag
}

// What --deployment may be beside an id.
const (
	deploymentGone = "gone"
	deploymentOld  = "old"
	deploymentNone = "none"
)

// add adds the flags to a command. The one that selects by deployment has another name where
// --deployment says what an invocation goes on with.
func (f *filter) add(cmd *cobra.Command, deployment string, limit string, s *server.Flags) {
	f.flags, f.deployment = pflag.NewFlagSet("", pflag.ContinueOnError), deployment
	f.flags.StringSliceVar(&f.services, "service", nil, "of these services, by `name`")
	f.flags.StringSliceVar(&f.handlers, "handler", nil, "of these handlers, by `name`")
	f.flags.StringArrayVar(&f.keys, "key", nil, "of this `key` of an object or a workflow; repeat it for several")
	f.flags.StringSliceVar(&f.statuses, "status", nil, "in these `statuses`: "+strings.Join(statusWords(), ", "))
	f.flags.StringSliceVar(&f.deployments, deployment, nil, "bound to these deployments, by `id`; or to one that is gone, old (not the latest of its service), or none")
	f.flags.Var(&f.olderThan, "older-than", "made longer ago than this, such as 10m or 3d")
	f.flags.IntVar(&f.minRetries, "min-retries", 0, "with at least so many attempts; paused ones too, whose number is not known")
	f.flags.StringSliceVar(&f.invokedBy, "invoked-by", nil, "called or sent by this `invocation or service`")
	f.flags.StringSliceVar(&f.traces, "trace-id", nil, "of this trace, by `id`")
	f.flags.StringArrayVar(&f.idempotencyKeys, "idempotency-key", nil, "called with this `key`")
	f.flags.IntVar(&f.limit, "limit", 0, limit)
	cmd.Flags().AddFlagSet(f.flags)
	for name, complete := range map[string]cobra.CompletionFunc{
		"service":  s.Complete(server.Services),
		deployment: s.Complete(server.Deployments),
		"status":   cobra.FixedCompletions(statusWords(), cobra.ShellCompDirectiveNoFileComp),
	} {
		_ = cmd.RegisterFlagCompletionFunc(name, complete) // it fails for a flag that is not there
	}
}

// given reports whether one of the flags is there that select.
func (f *filter) given() bool {
	given := false
	f.flags.VisitAll(func(flag *pflag.Flag) { given = given || flag.Changed && flag.Name != "limit" })
	return given
}

// invocations returns the filter of the flags, at a time.
func (f *filter) invocations(now time.Time) (admin.InvocationFilter, error) {
	selected := admin.InvocationFilter{
		Services: f.services, Handlers: f.handlers, Keys: f.keys, TraceIDs: f.traces, IdempotencyKeys: f.idempotencyKeys,
		MinRetries: f.minRetries, Limit: f.limit,
	}
	if f.limit < 0 || f.minRetries < 0 {
		return selected, terminal.Usagef("--limit and --min-retries are not negative")
	}
	if f.olderThan > 0 {
		selected.CreatedBefore = now.Add(-time.Duration(f.olderThan))
	}
	for _, by := range f.invokedBy {
		if !strings.HasPrefix(by, "inv_") {
			selected.InvokedByServices = append(selected.InvokedByServices, by)
		} else if err := admin.CheckInvocationID(by); err != nil {
			return selected, terminal.Usagef("--invoked-by: %w", err)
		} else {
			selected.InvokedBy = append(selected.InvokedBy, by)
		}
	}
	if len(selected.InvokedBy) > 0 && len(selected.InvokedByServices) > 0 {
		return selected, terminal.Usagef("--invoked-by takes invocations or services, not both")
	}
	for _, word := range f.statuses {
		switch {
		case word == allStatuses:
			selected.Statuses = admin.AllStatuses()
		case slices.Contains(statusWords(), word):
			selected.Statuses = append(selected.Statuses, admin.InvocationStatus(word))
		default:
			return selected, terminal.Usagef("there is no status %q; they are %s", word, strings.Join(statusWords(), ", "))
		}
	}
	return selected, f.selectDeployment(&selected)
}

func (f *filter) selectDeployment(selected *admin.InvocationFilter) error {
	for _, word := range f.deployments {
		switch {
		case word == deploymentGone:
			selected.Deployment = admin.GoneDeployment
		case word == deploymentOld:
			selected.Deployment = admin.OldDeployment
		case word == deploymentNone:
			selected.DeploymentIDs = append(selected.DeploymentIDs, admin.NotBound)
		case strings.HasPrefix(word, "dp_"):
			selected.DeploymentIDs = append(selected.DeploymentIDs, word)
		default:
			return terminal.Usagef("--%s is the id of a deployment, which begins with dp_, or gone, old or none, not %q", f.deployment, word)
		}
	}
	if selected.Deployment != admin.AnyDeployment && len(f.deployments) > 1 {
		return terminal.Usagef("--%s takes gone or old alone", f.deployment)
	}
	return nil
}

// allStatuses is the status that stands for all of them.
const allStatuses = "all"

func statusWords() []string {
	words := []string{allStatuses}
	for _, status := range admin.AllStatuses() {
		words = append(words, string(status))
	}
	return words
}

// target adds what is named as service, service/handler or service/key/handler. A key may
// contain slashes.
func (f *filter) target(text string) error {
	parts := strings.Split(text, "/")
	if slices.Contains(parts[:1], "") || parts[len(parts)-1] == "" {
		return fmt.Errorf("%q is no target such as orders, orders/place or orders/alice/place", text)
	}
	f.services = append(f.services, parts[0])
	if len(parts) > 1 {
		f.handlers = append(f.handlers, parts[len(parts)-1])
	}
	if len(parts) > 2 {
		f.keys = append(f.keys, strings.Join(parts[1:len(parts)-1], "/"))
	}
	return nil
}
