package cron

import (
	"errors"
	"fmt"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/rpc"
)

// Job is a virtual object whose key is the name of a job. It sends itself a message for the
// next time, and so survives whatever happens to the application and the server.
// fxrestate.Cron registers it.
//
// [Client] and [Ingress] are its typed clients. Its handlers can be called in other languages
// and with curl, with the same JSON. Whoever can call them can set, change, run and cancel
// jobs, but have no handler called that is not open to them: see [Job.Set].
type Job struct {
	jobs rpc.Object[*Job]
	open func(Target) bool
}

// New returns the object. The client is that of the object itself. The function reports
// whether anybody may have a target called: see [Job.Set]. If it is nil, nobody may.
func New(jobs rpc.Object[*Job], open func(Target) bool) *Job { return &Job{jobs, open} }

// ServiceName is "CronJob".
func (*Job) ServiceName() string { return serviceName }

// job is what is stored of a job.
type job struct {
	Info

	// ID tells the job from one of the same name that was cancelled before.
	ID string `json:"id"`
	// Generation counts what was scheduled. A message of an earlier one has no effect.
	Generation uint64 `json:"generation"`
}

// self is the client of a job itself.
func (j *Job) self(ctx restate.ObjectSharedContext) rpc.Keyed[*Job] {
	return j.jobs.Key(restate.Key(ctx))
}

// Set creates the job, or changes it. A job that is the same already stays as it is, so that
// Set can be repeated. If the times change, the job next runs at the next of the new times. A
// paused job stays paused.
//
// Anybody who can call the ingress can call Set. So the target has to be a handler of this
// application that the ingress serves, or exactly that of a declared job, input included. Any
// other job is set in a handler, by a [Client].
//
// The error of a bad definition is terminal, with code 400, and that of a target that is not
// open, with code 403.
func (j *Job) Set(ctx restate.ObjectContext, d Definition) (Info, error) {
	if _, err := d.check(); err == nil && !j.isOpen(d.Target) {
		return Info{}, restate.ToTerminalError(errClosed(d.Target), restate.WithErrorCode(403))
	}
	return j.Put(ctx, d)
}

// isOpen reports whether anybody may have a target called.
func (j *Job) isOpen(t Target) bool { return j.open != nil && j.open(t) }

func errClosed(t Target) error {
	return fmt.Errorf("cron: %q is no handler of this application that the ingress serves, so it takes no jobs from outside; set the job in a handler with a cron.Client, or declare it with fxrestate.Every", t)
}

// Put is [Job.Set] of any target. It is for [Client] and [Job.Declare]: the ingress does not
// serve it.
func (j *Job) Put(ctx restate.ObjectContext, d Definition) (Info, error) {
	name := restate.Key(ctx)
	t, err := d.check()
	if err = errors.Join(checkName(name), err); err != nil {
		return Info{}, badRequest(err)
	}
	stored, found, err := record.Lookup(ctx)
	if err != nil {
		return Info{}, err
	}
	if !found {
		stored.ID = restate.UUID(ctx).String()
	}
	stored.Name = name
	changed := !found || !stored.sameTimes(d)
	stored.Definition = d
	p, err := t.plan(ctx, time.Time{}, RunOnce)
	if err != nil {
		return Info{}, err
	}
	switch {
	case stored.Paused:
	case changed:
		err = j.reschedule(ctx, &stored, p)
	case !stored.Next.IsZero() && p.Now.After(stored.Next.Add(t.jitter)):
		// The message should have come. Perhaps somebody has killed it: this one replaces it.
		err = j.reschedule(ctx, &stored, plan{Now: p.Now, Next: stored.Next, At: p.Now})
	}
	if err != nil {
		return Info{}, err
	}
	return stored.Info, record.Set(ctx, stored)
}

// Get returns what is known of the job. The error is terminal, with code 404, if there is
// none.
func (j *Job) Get(ctx restate.ObjectSharedContext) (Info, error) {
	stored, err := j.stored(ctx)
	return stored.Info, err
}

// stored returns the job, or a terminal error.
func (j *Job) stored(ctx restate.ObjectSharedContext) (job, error) {
	if err := checkName(restate.Key(ctx)); err != nil {
		return job{}, badRequest(err)
	}
	stored, found, err := record.Lookup(ctx)
	if err == nil && !found {
		err = restate.ToTerminalError(errors.New("cron: there is no job of this name"), restate.WithErrorCode(404))
	}
	return stored, err
}

// Cancel removes the job and the invocation that waits for its next time. Runs that go on
// end by themselves. The error is terminal, with code 404, if there is no job.
func (j *Job) Cancel(ctx restate.ObjectContext) error {
	stored, err := j.stored(ctx)
	if err != nil {
		return err
	}
	if err := j.unschedule(ctx, &stored); err != nil {
		return err
	}
	return record.Clear(ctx)
}

// Withdraw cancels the job if an application declared it, and nobody has set it since. It is
// for [Job.Declare].
func (j *Job) Withdraw(ctx restate.ObjectContext) error {
	stored, found, err := record.Lookup(ctx)
	if err != nil || !found || !stored.Declared {
		return err
	}
	return j.Cancel(ctx)
}

// Pause keeps the job from running until [Job.Resume], also if it is set or declared again.
// Runs that go on or are queued are not affected. The error is terminal, with code 404, if
// there is no job.
func (j *Job) Pause(ctx restate.ObjectContext) (Info, error) {
	stored, err := j.stored(ctx)
	if err != nil || stored.Paused {
		return stored.Info, err
	}
	if err := j.unschedule(ctx, &stored); err != nil {
		return Info{}, err
	}
	stored.Paused = true
	return stored.Info, record.Set(ctx, stored)
}

// Resume lets a paused job run again, from its next time on. The times meanwhile are left
// out. The error is terminal, with code 404, if there is no job.
func (j *Job) Resume(ctx restate.ObjectContext) (Info, error) {
	stored, err := j.stored(ctx)
	if err != nil || !stored.Paused {
		return stored.Info, err
	}
	stored.Paused = false
	t, err := stored.Definition.check()
	if err != nil {
		return Info{}, err // of an earlier version, perhaps: retried
	}
	p, err := t.plan(ctx, time.Time{}, RunOnce)
	if err != nil {
		return Info{}, err
	}
	if err := j.reschedule(ctx, &stored, p); err != nil {
		return Info{}, err
	}
	return stored.Info, record.Set(ctx, stored)
}

// Trigger runs the job now, besides its times, also if it is paused. With [Queue] the run may
// have to wait. The error is terminal: with code 409 if the job may not run because of its
// [Overlap], and with code 404 if there is no job.
func (j *Job) Trigger(ctx restate.ObjectContext) (Info, error) {
	stored, err := j.stored(ctx)
	if err != nil {
		return Info{}, err
	}
	now, err := durable.Now(ctx)
	if err != nil {
		return Info{}, err
	}
	ok, err := j.begin(ctx, &stored, now)
	if err != nil {
		return Info{}, err
	}
	if err := record.Set(ctx, stored); err != nil {
		return Info{}, err
	}
	if !ok {
		return Info{}, restate.ToTerminalError(errors.New("cron: the job runs already"), restate.WithErrorCode(409))
	}
	return stored.Info, nil
}
