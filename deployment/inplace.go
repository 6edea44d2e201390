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
	// pauseWindow is how long running invocations have to reach a point where they pause.
	pauseWindow = 5 * time.Second
	pausePoll   = 100 * time.Millisecond
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
func (r *run) admit(ctx context.Context, plan Plan) error {
	if len(plan.InFlight) == 0 {
		return nil
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
			return refused // the caller says that the context has ended
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

// pause pauses the invocations that run or back off, and logs all that are in flight with
// what has become of them. One that is suspended cannot be paused: the server accepts the
// request and does nothing.
func (r *run) pause(ctx context.Context, plan Plan) error {
	filter := admin.InvocationFilter{DeploymentIDs: []string{plan.DeploymentID}, Limit: maxListed}
	list, err := r.client.Invocations(ctx, filter)
	if err != nil {
		return err
	}
	for _, invocation := range list {
		if err := r.client.PauseInvocation(ctx, invocation.ID); err != nil && !refusedNow(err) {
			return err
		}
	}
	if list, err = r.settled(ctx, filter); err != nil {
		return err
	}
	paused := 0
	for _, i := range list {
		outcome := "it continues with the new handlers"
		if i.Status == admin.StatusPaused {
			paused++
			outcome = "paused: restate invocations resume " + i.ID
		}
		r.log.LogAttrs(ctx, slog.LevelWarn, "invocation in flight on the deployment that is replaced",
			slog.String("invocation", i.ID), slog.String("handler", i.Service+"/"+i.Handler),
			slog.String("status", string(i.Status)), slog.String("outcome", outcome))
	}
	r.log.LogAttrs(ctx, slog.LevelWarn, "replacing a deployment with paused invocations; resume or cancel them",
		slog.String("deployment", plan.DeploymentID), slog.Int("paused", paused), slog.Int("invocations", len(list)))
	return nil
}

// settled returns the invocations once none runs any more, or after a while: a step is not
// interrupted, so its invocation pauses when the step has ended.
func (r *run) settled(ctx context.Context, filter admin.InvocationFilter) ([]admin.Invocation, error) {
	deadline := time.Now().Add(pauseWindow)
	for {
		list, err := r.client.Invocations(ctx, filter)
		if err != nil {
			return nil, err
		}
		running := slices.ContainsFunc(list, func(i admin.Invocation) bool {
			return i.Status == admin.StatusRunning || i.Status == admin.StatusReady || i.Status == admin.StatusBackingOff
		})
		if !running || time.Now().After(deadline) {
			return list, nil
		}
		if !backoff.Sleep(ctx, pausePoll) {
			return nil, context.Cause(ctx)
		}
	}
}

// refusedNow reports that an invocation is in no state to be paused.
func refusedNow(err error) bool {
	var failed *admin.Error
	return errors.As(err, &failed) && (failed.Status == http.StatusConflict || failed.Status == http.StatusNotFound)
}
