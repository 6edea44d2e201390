package cron

import (
	"context"
	"math/rand/v2"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/scope"
	"github.com/fxrestate/go/rpc"
)

// Tick is the message that a job sends itself for its next time.
type Tick struct {
	// JobID and Generation say what scheduled it.
	JobID      string `json:"jobId"`
	Generation uint64 `json:"generation"`
	// Time is the time that it is for.
	Time time.Time `json:"time"`
}

// plan is what the step "schedule" computes: the time at which it ran, the next time of the
// job, and when the message for that is due.
type plan struct {
	Now  time.Time `json:"now"`
	Next time.Time `json:"next,omitzero"`
	At   time.Time `json:"at,omitzero"`
	// Missed says that the time after that of the message has come too.
	Missed bool `json:"missed,omitempty"`
}

// plan computes the time after tick, or after now for a zero tick.
func (t timing) plan(ctx restate.Context, tick time.Time, missed Missed) (plan, error) {
	return schedule.Run(ctx, func(ctx context.Context) (plan, error) {
		p := plan{Now: scope.Now(ctx).UTC()}
		after := p.Now
		if !tick.IsZero() {
			following := t.schedule.Next(tick)
			p.Missed = !following.IsZero() && !following.After(p.Now)
			// The clock of this machine may be behind that of the server: after must not be
			// before tick.
			if missed == RunAll || p.Now.Before(tick) {
				after = tick
			}
		}
		next := t.schedule.Next(after)
		if next.IsZero() {
			return p, nil
		}
		p.Next, p.At = next.UTC(), next.UTC()
		if t.jitter > 0 {
			p.At = p.At.Add(rand.N(t.jitter))
		}
		return p, nil
	})
}

// Tick runs the job and schedules its next time. It is for the job itself.
func (j *Job) Tick(ctx restate.ObjectContext, tick Tick) error {
	stored, found, err := record.Lookup(ctx)
	if err != nil || !found || stored.Paused || stored.ID != tick.JobID || stored.Generation != tick.Generation {
		return err
	}
	t, err := stored.Definition.check()
	if err != nil {
		return err // of an earlier version, perhaps: retried
	}
	p, err := t.plan(ctx, tick.Time, stored.Missed)
	if err != nil {
		return err
	}
	if p.Missed && stored.Missed == RunNone {
		stored.Skipped++
	} else if _, err := j.begin(ctx, &stored, tick.Time); err != nil {
		return err
	}
	stored.NextInvocation = "" // which is this one
	if err := j.reschedule(ctx, &stored, p); err != nil {
		return err
	}
	return record.Set(ctx, stored)
}

// reschedule replaces what is scheduled.
func (j *Job) reschedule(ctx restate.ObjectContext, stored *job, p plan) error {
	if err := j.unschedule(ctx, stored); err != nil || p.Next.IsZero() {
		return err
	}
	tick := Tick{JobID: stored.ID, Generation: stored.Generation, Time: p.Next}
	sent, err := rpc.SendVoid(ctx, j.self(ctx), (*Job).Tick, tick, restate.WithDelay(p.At.Sub(p.Now)))
	if err != nil {
		return err
	}
	stored.Next = p.Next
	stored.NextInvocation, err = sent.ID(ctx)
	return err
}

// unschedule cancels what is scheduled. If it has begun already, its generation is out of
// date when its turn comes.
func (j *Job) unschedule(ctx restate.ObjectContext, stored *job) error {
	stored.Generation++
	id := stored.NextInvocation
	stored.Next, stored.NextInvocation = time.Time{}, ""
	if id == "" {
		return nil
	}
	return rpc.HandleOf[restate.Void](id).Cancel(ctx)
}
