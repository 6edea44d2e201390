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

const (
	// drainPoll is the pause between two looks at invocations in flight.
	drainPoll = time.Second
	// maxListed limits the invocations that are logged one by one, and those that are
	// paused at a time.
	maxListed = 1000
	// pauseWindow is how long attempts may take to pause. One that does not wait for
	// anything goes on.
	pauseWindow = 5 * time.Second
	pausePoll   = 100 * time.Millisecond
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
	if e.DeploymentID == "" {
		return fmt.Sprintf("invocations wait for handlers that %s does not have any more%s (%s); "+
			"keep the handlers, or let them complete (InPlace: WaitDrained), cancel them, or go on all the same (Proceed)",
			e.URL, waited, inFlightText(e.InFlight))
	}
	return fmt.Sprintf("the interface at %s has changed and deployment %s has invocations in flight%s (%s); "+
		"give the new version a URL of its own, or let them complete (InPlace: WaitDrained), pause them (PauseAndList), "+
		"kill them, or replace the deployment all the same (Proceed)",
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

// endangered counts the invocations that a plan may hurt: those on deployments whose
// interface is replaced, and those that have not begun and wait for a handler that goes.
func (r *run) endangered(ctx context.Context, plan Plan, list []admin.DeploymentSummary) ([]admin.InFlight, error) {
	var ids []string
	if plan.Action == Replace {
		ids = r.atURL(list)
	}
	gone := removed(plan.Services)
	if len(gone) > 0 {
		ids = append(ids, admin.NotBound)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := r.inFlight(ctx, ids...)
	return slices.DeleteFunc(rows, func(row admin.InFlight) bool {
		return row.DeploymentID == admin.NotBound && !gone[row.Service] && !gone[row.Service+"/"+row.Handler]
	}), err
}

// removed returns the services and the handlers, as service/handler, that go.
func removed(changes []ServiceChange) map[string]bool {
	gone := map[string]bool{}
	for _, s := range changes {
		if s.Change == Removed {
			gone[s.Name] = true
		}
		for _, h := range s.Handlers {
			if h.Change == Removed {
				gone[s.Name+"/"+h.Name] = true
			}
		}
	}
	return gone
}

// admit applies the policy to the invocations that a plan may hurt. It counts them after
// the hook, which may have cancelled some.
func (r *run) admit(ctx context.Context, plan *Plan, list []admin.DeploymentSummary) (err error) {
	plan.InFlight, err = r.endangered(ctx, *plan, list)
	if r.config.InPlace == Proceed && unreadable(err) {
		if r.once("not counted") {
			r.log.WarnContext(ctx, "cannot count the invocations in flight on the deployment that is replaced", "deployment", plan.DeploymentID, "error", err)
		}
		return nil
	}
	if err != nil || len(plan.InFlight) == 0 {
		return err
	}
	refused := &InFlightError{DeploymentID: plan.DeploymentID, URL: plan.URL, InFlight: plan.InFlight}
	switch r.config.InPlace {
	case Refuse:
		return refused
	case WaitDrained:
		return r.waitDrained(ctx, refused, func(ctx context.Context) ([]admin.InFlight, error) { return r.endangered(ctx, *plan, list) })
	case PauseAndList:
		return r.pause(ctx, plan, list)
	default:
		if r.once("in flight") {
			r.log.LogAttrs(ctx, slog.LevelWarn, "replacing a deployment with invocations in flight; their journals may not fit the new handlers",
				slog.String("deployment", plan.DeploymentID), slog.String("url", plan.URL),
				slog.Int("invocations", count(plan.InFlight)), slog.String("handlers", inFlightText(plan.InFlight)))
		}
		return nil
	}
}

func (r *run) inFlight(ctx context.Context, deployments ...string) ([]admin.InFlight, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	return r.client.InFlight(ctx, deployments...)
}

// drain is a wait for invocations in flight. Attempts of a registration share it: its
// limit is not that of an attempt.
type drain struct {
	began time.Time
	// newest is when the last of the invocations was created that are waited for.
	newest   time.Time
	reminder tally.Reminder
}

// waitDrained waits for the invocations that are in flight now. Later ones run on the
// handlers that are served already.
func (r *run) waitDrained(ctx context.Context, refused *InFlightError, look func(context.Context) ([]admin.InFlight, error)) error {
	if r.drain.began.IsZero() {
		r.drain = drain{began: time.Now()}
		for _, row := range refused.InFlight {
			if row.Newest.After(r.drain.newest) {
				r.drain.newest = row.Newest
			}
		}
	}
	later := func(row admin.InFlight) bool { return row.Oldest.After(r.drain.newest) }
	for {
		if refused.InFlight = slices.DeleteFunc(refused.InFlight, later); len(refused.InFlight) == 0 {
			return nil
		}
		refused.Waited = time.Since(r.drain.began)
		if r.drain.reminder.Due() {
			r.log.LogAttrs(ctx, slog.LevelInfo, "waiting for invocations in flight before the deployment is replaced",
				slog.String("deployment", refused.DeploymentID), slog.Int("invocations", count(refused.InFlight)),
				slog.String("handlers", inFlightText(refused.InFlight)),
				slog.Duration("elapsed", refused.Waited), slog.Duration("limit", r.config.DrainLimit))
		}
		if refused.Waited > r.config.DrainLimit || !backoff.Sleep(ctx, min(drainPoll, r.config.DrainLimit)) {
			return refused
		}
		left, err := look(ctx)
		if ctx.Err() != nil {
			return refused
		}
		if err != nil {
			return err
		}
		refused.InFlight = left
	}
}

// pause pauses the invocations that run or are about to, and logs all that are in flight
// with what became of them.
func (r *run) pause(ctx context.Context, plan *Plan, list []admin.DeploymentSummary) error {
	at := r.atURL(list)
	if plan.Action != Replace {
		at = nil // nothing runs that could be paused
	}
	asked := map[string]bool{}
	for deadline := time.Now().Add(pauseWindow); len(at) > 0; {
		list, err := r.client.Invocations(ctx, admin.InvocationFilter{
			DeploymentIDs: at,
			Statuses:      []admin.InvocationStatus{admin.StatusRunning, admin.StatusBackingOff, admin.StatusReady},
			Limit:         maxListed + len(asked),
		})
		if err != nil {
			return err
		}
		if len(list) == 0 || time.Now().After(deadline) {
			break
		}
		for _, invocation := range list {
			if asked[invocation.ID] {
				continue
			}
			asked[invocation.ID] = true
			if err := r.client.PauseInvocation(ctx, invocation.ID); err != nil && !refusedNow(err) {
				return err
			}
		}
		if !backoff.Sleep(ctx, pausePoll) {
			return context.Cause(ctx)
		}
	}
	return r.nameInFlight(ctx, plan, at, list)
}

// nameInFlight logs the invocations in flight on a deployment after they were paused.
func (r *run) nameInFlight(ctx context.Context, plan *Plan, at []string, list []admin.DeploymentSummary) (err error) {
	var named []admin.Invocation
	if len(at) > 0 {
		if named, err = r.client.Invocations(ctx, admin.InvocationFilter{DeploymentIDs: at, Limit: maxListed}); err != nil {
			return err
		}
	}
	if plan.InFlight, err = r.endangered(ctx, *plan, list); err != nil {
		return err
	}
	for _, invocation := range named {
		outcome := "asked to pause; it goes on until it waits for something"
		switch invocation.Status {
		case admin.StatusPaused:
			outcome = "paused"
		case admin.StatusSuspended:
			outcome = "not paused, since it does not run; it goes on with the new handlers when what it waits for comes"
		}
		if r.once(invocation.ID + outcome) {
			r.log.LogAttrs(ctx, slog.LevelWarn, "invocation in flight on the deployment that is replaced",
				slog.String("invocationID", invocation.ID), slog.String("method", invocation.Service+"/"+invocation.Handler),
				slog.String("status", string(invocation.Status)), slog.String("outcome", outcome))
		}
	}
	paused := 0
	var waiting []admin.InFlight
	for _, row := range plan.InFlight {
		switch {
		case row.DeploymentID == admin.NotBound:
			waiting = append(waiting, row)
		case row.Status == admin.StatusPaused:
			paused += row.Count
		}
	}
	if len(waiting) > 0 && r.once("waiting") {
		r.log.LogAttrs(ctx, slog.LevelWarn, "invocations that have not begun wait for handlers that go, and will fail",
			slog.String("url", plan.URL), slog.Int("invocations", count(waiting)), slog.String("handlers", inFlightText(waiting)))
	}
	if len(at) > 0 && r.once("paused") {
		r.log.LogAttrs(ctx, slog.LevelWarn, "replacing a deployment; what was paused waits for fxrestate invocations resume",
			slog.String("deployment", plan.DeploymentID), slog.Int("paused", paused),
			slog.Int("invocations", count(plan.InFlight)), slog.Int("named", len(named)))
	}
	return nil
}

// refusedNow reports that an invocation is in no state to be paused.
func refusedNow(err error) bool {
	var failed *admin.Error
	return errors.As(err, &failed) && (failed.Status == http.StatusConflict || failed.Status == http.StatusNotFound)
}
