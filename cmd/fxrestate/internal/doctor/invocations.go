package doctor

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/wayout"
)

const (
	// maxStuck is how many invocations are shown.
	maxStuck = 20
	// An invocation that backs off needs somebody after so many attempts, or if the next one
	// is so far away: as in the log of an application's start.
	stuckRetries = 5
	stuckWait    = time.Minute
)

// invocations looks for those that do not proceed by themselves.
func (e *examination) invocations(ctx context.Context) Check {
	// One after the other, so that the limit does not cut off one that is paused.
	var found []admin.Invocation
	for _, status := range []admin.InvocationStatus{admin.StatusPaused, admin.StatusBackingOff} {
		some, err := e.client.Invocations(ctx, admin.InvocationFilter{Statuses: []admin.InvocationStatus{status}, Limit: maxStuck + 1})
		if err != nil {
			return unchecked(err)
		}
		found = append(found, some...)
	}
	if len(found) == 0 {
		return ok("none is paused or fails")
	}
	counts := map[admin.InvocationStatus]int{}
	for _, f := range e.facts.inFlight.is {
		counts[f.Status] += f.Count
	}
	c := Check{Summary: "some are paused or fail"}
	if e.facts.inFlight.err == nil && counts[admin.StatusPaused]+counts[admin.StatusBackingOff] > 0 {
		c.Summary = fmt.Sprintf("%s, %s", counted(counts[admin.StatusPaused], "is paused", "are paused"),
			counted(counts[admin.StatusBackingOff], "fails and is tried again", "fail and are tried again"))
	}
	now := time.Now()
	for _, i := range found[:min(len(found), maxStuck)] {
		c.add(e.stuck(i, now))
	}
	if len(found) > maxStuck {
		c.add(Finding{Status: Notice, What: "there are more", Next: []string{e.next("invocations", "list", "--status", "paused,backing-off")}})
	}
	return c
}

// stuck says how an invocation is, and how to see all of it.
func (e *examination) stuck(i admin.Invocation, now time.Time) Finding {
	target := i.Service + "/" + i.Handler
	if i.Key != "" {
		target = fmt.Sprintf("%s/%q/%s", i.Service, i.Key, i.Handler)
	}
	f := Finding{Status: Bad, ID: i.ID, Next: []string{e.next("invocations", "describe", i.ID)}}
	since := ago(now.Sub(i.ModifiedAt))
	if i.Status == admin.StatusPaused {
		f.What = fmt.Sprintf("%s is paused since %s; its caller waits", target, since)
	} else {
		f.What = fmt.Sprintf("%s has failed %s, for %s", target, counted(i.RetryCount, "time", "times"), since)
		if wait := i.NextRetryAt.Sub(now); !i.NextRetryAt.IsZero() && wait > 0 {
			f.What += "; next attempt in " + ago(wait)
		}
		if i.RetryCount < stuckRetries && i.NextRetryAt.Sub(now) < stuckWait {
			f.Status = Notice // it may pass
		}
	}
	if failure := strings.TrimSpace(i.LastFailureCode + " " + cmp.Or(wayout.WithoutStack(i.LastFailure), "the server does not know why")); failure != "" {
		f.Details = []string{failure}
	}
	return f
}

// ago writes a time as people say it.
func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", max(int(d.Seconds()), 0))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	default:
		return fmt.Sprintf("%dd", int(d.Hours()/24))
	}
}
