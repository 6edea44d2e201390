package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
)

// Revisions is asked before the server learns of services with other metadata than those
// that are deployed: see the revision of orders.
type Revisions struct{ log *slog.Logger }

// NewRevisions is the constructor of Revisions.
func NewRevisions(log *slog.Logger) *Revisions { return &Revisions{log} }

// Changed cancels what another revision has begun, so that it is undone while that is still
// possible. An error would abort the registration: a service loses its revision by mistake.
func (r *Revisions) Changed(ctx context.Context, changes []deployment.MetadataChange, client *admin.Client) error {
	for _, change := range changes {
		if change.New == nil {
			return fmt.Errorf("shop: %s has no revision any more; give it one", change.Service)
		}
		r.log.InfoContext(ctx, "another revision", "service", change.Service, "old", change.Old["revision"], "new", change.New["revision"])
		stale, err := client.Invocations(ctx, admin.InvocationFilter{Services: []string{change.Service}, Limit: 10_000})
		if err != nil {
			return err
		}
		for _, invocation := range stale {
			if err := cancel(ctx, client, invocation.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// cancel cancels an invocation, unless it has completed meanwhile.
func cancel(ctx context.Context, client *admin.Client, id string) error {
	err := client.CancelInvocation(ctx, id)
	if failed, ok := errors.AsType[*admin.Error](err); ok && failed.Status == http.StatusConflict {
		return nil
	}
	return err
}
