package deployment

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/backoff"
	"github.com/fxrestate/go/internal/tally"
)

// AwaitDrained waits until two looks, a second apart, see no invocation in flight on a
// deployment, which then can be deleted and its processes stopped. One look is not enough:
// an attempt may be on its way. It logs what is left, at growing intervals; a nil log
// discards that. New invocations come as long as the
// deployment is the latest of a service. A query that fails is tried again if
// that may help. An error is that of a query, or says that ctx ended and what was left.
func AwaitDrained(ctx context.Context, client *admin.Client, deploymentID string, log *slog.Logger) error {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	began := time.Now()
	var reminder tally.Reminder
	for empty := 0; ; {
		left, err := client.InFlight(ctx, deploymentID)
		if admin.Retryable(err) && backoff.Sleep(ctx, drainPoll) {
			empty = 0
			continue
		}
		if err != nil {
			return fmt.Errorf("deployment: wait for %s to drain: %w", deploymentID, err)
		}
		if empty++; len(left) > 0 {
			empty = 0
		}
		if empty == 2 {
			return nil
		}
		if empty == 0 && reminder.Due() {
			log.LogAttrs(ctx, slog.LevelInfo, "waiting for a deployment to drain", slog.String("deployment", deploymentID),
				slog.Int("invocations", count(left)), slog.String("handlers", inFlightText(left)), slog.Duration("elapsed", time.Since(began)))
		}
		if !backoff.Sleep(ctx, drainPoll) {
			return fmt.Errorf("deployment: wait for %s to drain: %w, with %d invocations in flight: %s",
				deploymentID, context.Cause(ctx), count(left), inFlightText(left))
		}
	}
}

// DeleteDrained deletes the deployments of this application, other than the one of the
// endpoint, that are the latest of no service, have no invocation in flight, and whose
// processes are gone as far as can be seen from here: one that started again would be
// taken for a new version. It returns their ids, and how many are left that still have
// invocations or processes. Deployments that were registered otherwise, or with another
// Config.Application, stay.
func (r *Registrar) DeleteDrained(ctx context.Context, endpoint Endpoint) (deleted []string, left int, err error) {
	run, err := r.newRun(endpoint)
	if err != nil {
		return nil, 0, err
	}
	list, err := run.look(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("deployment: delete drained deployments: %w", err)
	}
	candidates := run.retired(list)
	if len(candidates) == 0 {
		return nil, 0, nil
	}
	rows, err := run.inFlight(ctx, candidates...)
	if err != nil {
		return nil, 0, fmt.Errorf("deployment: delete drained deployments: %w", err)
	}
	// Another process may have been registered in the meantime.
	if list, err = run.look(ctx); err != nil {
		return nil, 0, fmt.Errorf("deployment: delete drained deployments: %w", err)
	}
	still := run.retired(list)
	for _, id := range candidates {
		if !slices.Contains(still, id) {
			continue
		}
		if serves(ctx, list, id) {
			left++
			continue
		}
		if slices.ContainsFunc(rows, func(row admin.InFlight) bool { return row.DeploymentID == id }) {
			left++
			continue
		}
		if err := r.client.DeleteDeployment(ctx, id, true); err != nil && !gone(err) {
			return deleted, left, fmt.Errorf("deployment: delete drained deployment %s: %w", id, err)
		}
		r.log.LogAttrs(ctx, slog.LevelInfo, "deleted a drained deployment", slog.String("deployment", id))
		deleted = append(deleted, id)
	}
	return deleted, left, nil
}

// retired returns the ids of deployments of this application that no new invocations
// come to.
func (r *run) retired(list []admin.DeploymentSummary) []string {
	latest := latestOf(list)
	var ids []string
	for _, d := range list {
		current := slices.ContainsFunc(d.Services, func(s admin.ServiceRevision) bool {
			at := latest[s.Name]
			return at != nil && at.ID == d.ID
		})
		if r.sameApplication(d) && d.URI != r.url && !current {
			ids = append(ids, d.ID)
		}
	}
	return ids
}

// gone reports that another process was faster.
func gone(err error) bool {
	var failed *admin.Error
	return errors.As(err, &failed) && failed.Status == http.StatusNotFound
}

// serves reports whether a process of a deployment still answers its health check.
func serves(ctx context.Context, list []admin.DeploymentSummary, id string) bool {
	i := slices.IndexFunc(list, func(d admin.DeploymentSummary) bool { return d.ID == id })
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(list[i].URI, "/")+"/health", http.NoBody)
	if err != nil {
		return false
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}
