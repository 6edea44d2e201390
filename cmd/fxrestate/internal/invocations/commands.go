package invocations

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/server"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/internal/wayout"
)

// Commands returns the command invocations with all that it has.
func Commands(t *terminal.Terminal) []*cobra.Command {
	group := terminal.Group("invocations", "Look at invocations, and change them", newList(t), newDescribe(t))
	group.Aliases = []string{"inv"}
	for _, c := range changes {
		group.AddCommand(c.command(t))
	}
	return []*cobra.Command{group}
}

// targetOf returns what was called, as service/handler or service/key/handler.
func targetOf(i admin.Invocation) string {
	if i.Key == "" {
		return i.Service + "/" + i.Handler
	}
	return i.Service + "/" + i.Key + "/" + i.Handler
}

// failureOf returns why an invocation has failed, or its last attempt has.
func failureOf(i admin.Invocation) string {
	failure := cmp.Or(i.Failure, wayout.WithoutStack(i.LastFailure))
	if i.LastFailureCode != "" && i.Failure == "" {
		failure = i.LastFailureCode + ": " + failure
	}
	return failure
}

// styleOf returns how a status is shown.
func styleOf(i admin.Invocation) terminal.Style {
	switch {
	case i.Status == admin.StatusPaused, i.Failure != "":
		return terminal.Bad
	case i.Status == admin.StatusBackingOff:
		return terminal.Warning
	default:
		return terminal.Plain
	}
}

// find returns the invocations with these ids, in their order. It is an error if the server
// does not know one of them.
func find(ctx context.Context, client *admin.Client, ids []string) ([]admin.Invocation, error) {
	var errs []error
	for _, id := range ids {
		if err := admin.CheckInvocationID(id); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 {
		return nil, &terminal.Exit{Code: terminal.CodeUsage, Err: errors.Join(errs...)}
	}
	found, err := client.Invocations(ctx, admin.InvocationFilter{IDs: ids, Statuses: admin.AllStatuses(), Limit: len(ids)})
	if err != nil {
		return nil, err
	}
	known := make(map[string]admin.Invocation, len(found))
	for _, i := range found {
		known[i.ID] = i
	}
	sorted := make([]admin.Invocation, 0, len(ids))
	for _, id := range ids {
		i, ok := known[id]
		if !ok {
			errs = append(errs, fmt.Errorf("the server knows no invocation %s; one that has ended is gone when its retention is over", id))
		}
		sorted = append(sorted, i)
	}
	return sorted, errors.Join(errs...)
}

// idsOf completes the ids of invocations, with what each is.
func idsOf(statuses ...admin.InvocationStatus) server.Ask {
	return func(ctx context.Context, client *admin.Client) ([]string, error) {
		found, err := client.Invocations(ctx, admin.InvocationFilter{Statuses: statuses})
		words := make([]string, len(found))
		for i, one := range found {
			words[i] = cobra.CompletionWithDesc(one.ID, terminal.Escape(targetOf(one)+", "+string(one.Status)))
		}
		return words, err
	}
}

// notFound reports that the server does not have what was asked for.
func notFound(err error) bool {
	failed, ok := errors.AsType[*admin.Error](err)
	return ok && failed.Status == http.StatusNotFound
}
