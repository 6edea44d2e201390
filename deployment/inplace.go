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
)

const (
	// drainPoll is the pause between two looks at invocations in flight.
	drainPoll = time.Second
	// maxListed limits the invocations that are paused and logged one by one.
	maxListed = 1000
	// maxNamed limits the handlers in a text.
	maxNamed = 10
)

// InFlightError reports invocations in flight on a deployment whose interface would have
// been replaced. Nothing was registered.
type InFlightError struct {
	DeploymentID, URL string
	InFlight          []admin.InFlight
	// Waited is how long the policy WaitDrained waited, or 0.
	Waited time.Duration
}

// Error lists the handlers with their invocations, and the ways out.
func (e *InFlightError) Error() string {
	waited := ""
	if e.Waited > 0 {
		waited = fmt.Sprintf(" after %s", e.Waited.Round(time.Second))
	}
	return fmt.Sprintf("the interface at %s has changed and deployment %s has invocations in flight%s (%s); "+
		"give the new version a URL of its own, or let them complete (InPlace: WaitDrained), pause them (PauseAndList), "+
		"cancel them, or replace the deployment all the same (Proceed)",
		e.URL, e.DeploymentID, waited, inFlightText(e.InFlight))
}

// inFlightText names the handlers with their invocations, most first.
func inFlightText(rows []admin.InFlight) string {
	counts := map[string]int{}
	for _, row := range rows {
		counts[row.Service+"/"+row.Handler] += row.Count
	}
	names := union(counts, nil)
	slices.SortStableFunc(names, func(a, b string) int { return counts[b] - counts[a] })
	var out []string
	rest := 0
	for i, name := range names {
		if i >= maxNamed {
			rest += counts[name]
			continue
		}
		out = append(out, fmt.Sprintf("%s %d", name, counts[name]))
	}
	if rest > 0 {
		out = append(out, fmt.Sprintf("others %d", rest))
	}
	return strings.Join(out, ", ")
}

func count(rows []admin.InFlight) (n int) {
	for _, row := range rows {
		n += row.Count
	}
	return n
}

// admit applies the policy to invocations in flight before the interface of a deployment
// is replaced.
func (r *run) admit(ctx context.Context, plan *Plan) (err error) {
	if plan.InFlight, err = r.inFlight(ctx, plan.DeploymentID); err != nil || len(plan.InFlight) == 0 {
		return err
	}
	refused := &InFlightError{DeploymentID: plan.DeploymentID, URL: plan.URL, InFlight: plan.InFlight}
	switch r.config.InPlace {
	case Refuse:
		return refused
	case WaitDrained:
		return r.waitDrained(ctx, refused)
	case PauseAndList:
		return r.pause(ctx, plan)
	default:
		r.log.LogAttrs(ctx, slog.LevelWarn, "replacing a deployment with invocations in flight; their journals may not fit the new handlers",
			slog.String("deployment", plan.DeploymentID), slog.String("url", plan.URL),
			slog.Int("invocations", count(plan.InFlight)), slog.String("handlers", inFlightText(plan.InFlight)))
		return nil
	}
}

func (r *run) inFlight(ctx context.Context, deployments ...string) ([]admin.InFlight, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	return r.client.InFlight(ctx, deployments...)
}

// waitDrained waits for the invocations that are in flight now. Later ones run on the
// handlers that are served already.
func (r *run) waitDrained(ctx context.Context, refused *InFlightError) error {
	began, newest := time.Now(), time.Time{}
	for _, row := range refused.InFlight {
		if row.Newest.After(newest) {
			newest = row.Newest
		}
	}
	reminder := newReminder()
	for {
		if reminder.due() {
			r.log.LogAttrs(ctx, slog.LevelInfo, "waiting for invocations in flight before the deployment is replaced",
				slog.String("deployment", refused.DeploymentID), slog.Int("invocations", count(refused.InFlight)),
				slog.String("handlers", inFlightText(refused.InFlight)),
				slog.Duration("elapsed", time.Since(began)), slog.Duration("limit", r.config.DrainLimit))
		}
		if refused.Waited = time.Since(began); refused.Waited > r.config.DrainLimit {
			return refused
		}
		if !backoff.Sleep(ctx, min(drainPoll, r.config.DrainLimit)) {
			return fmt.Errorf("%w: %w", context.Cause(ctx), refused)
		}
		left, err := r.inFlight(ctx, refused.DeploymentID)
		if err != nil {
			return err
		}
		refused.InFlight = slices.DeleteFunc(left, func(row admin.InFlight) bool { return row.Oldest.After(newest) })
		if len(refused.InFlight) == 0 {
			return nil
		}
	}
}

// pause pauses the invocations that run, and logs all that are in flight.
func (r *run) pause(ctx context.Context, plan *Plan) error {
	list, err := r.client.Invocations(ctx, admin.InvocationFilter{DeploymentIDs: []string{plan.DeploymentID}, Limit: maxListed})
	if err != nil {
		return err
	}
	paused := 0
	for _, invocation := range list {
		err := r.client.PauseInvocation(ctx, invocation.ID)
		state := "paused"
		switch {
		case err == nil:
			paused++
		case refusedNow(err):
			// It has ended, or it waits for something and runs when that comes.
			state = "not paused, as it does not run now"
		default:
			return err
		}
		r.log.LogAttrs(ctx, slog.LevelWarn, "invocation in flight on the deployment that is replaced",
			slog.String("invocation", invocation.ID), slog.String("handler", invocation.Service+"/"+invocation.Handler),
			slog.String("status", string(invocation.Status)), slog.String("outcome", state))
	}
	r.log.LogAttrs(ctx, slog.LevelWarn, "replacing a deployment with paused invocations; resume or cancel them with the admin API (PATCH /invocations/{id}/resume)",
		slog.String("deployment", plan.DeploymentID), slog.Int("paused", paused), slog.Int("invocations", count(plan.InFlight)))
	return nil
}

// refusedNow reports that an invocation is in no state to be paused.
func refusedNow(err error) bool {
	var failed *admin.Error
	return errors.As(err, &failed) && (failed.Status == http.StatusConflict || failed.Status == http.StatusNotFound)
}
