package cron

import (
	"slices"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/safeerr"
	"github.com/fxrestate/go/rpc"
)

const (
	// maxRuns bounds the runs of a job that go on or wait.
	maxRuns = 100
	// maxOutcome bounds the text of a failure.
	maxOutcome = 500
	// lookAfter is how long a job waits for whether a run has ended that did not say so.
	lookAfter = time.Second
)

// Execution is what [Job.Run] runs.
type Execution struct {
	// JobID tells the job from one of the same name that was cancelled before.
	JobID string `json:"jobId"`
	Run
	// Target is the handler, with the key for this run.
	Target Target `json:"target"`
}

// Ending is what [Job.Run] says when it ends.
type Ending struct {
	JobID string `json:"jobId"`
	Run
	// Error and Code are those of an [Outcome].
	Error string       `json:"error,omitempty"`
	Code  restate.Code `json:"code,omitempty"`
}

// begin starts a run, or queues it, if the job may run now.
func (j *Job) begin(ctx restate.ObjectContext, stored *job, at time.Time) (ok bool, err error) {
	switch stored.Overlap {
	case Allow:
		if len(stored.Running) >= maxRuns {
			err = j.forget(ctx, stored)
		}
		ok = len(stored.Running) < maxRuns
	default:
		if len(stored.Running) > 0 {
			err = j.forget(ctx, stored)
		}
		ok = len(stored.Running) == 0 && len(stored.Queued) == 0
	}
	switch {
	case err != nil:
		return false, err
	case ok:
		return true, j.start(ctx, stored, at)
	case stored.Overlap == Queue && len(stored.Queued) < maxRuns:
		stored.Queued = append(stored.Queued, at)
		return true, j.next(ctx, stored)
	default:
		stored.Skipped++
		return false, nil
	}
}

// start starts a run.
func (j *Job) start(ctx restate.ObjectContext, stored *job, at time.Time) error {
	stored.Runs++
	run := Run{Number: stored.Runs, Time: at}
	target := stored.Target
	if target.KeyPerRun {
		target.Key, target.KeyPerRun = stored.Name+"/"+at.UTC().Format(time.RFC3339Nano), false
	}
	sent, err := rpc.SendVoid(ctx, j.self(ctx), (*Job).Run, Execution{stored.ID, run, target})
	if err != nil {
		return err
	}
	if run.InvocationID, err = sent.ID(ctx); err != nil {
		return err
	}
	stored.Running = append(stored.Running, run)
	return nil
}

// next starts the first run that waits, if none goes on.
func (j *Job) next(ctx restate.ObjectContext, stored *job) error {
	if len(stored.Running) > 0 || len(stored.Queued) == 0 {
		return nil
	}
	at := stored.Queued[0]
	stored.Queued = slices.Delete(stored.Queued, 0, 1)
	return j.start(ctx, stored, at)
}

// forget looks whether the first run has ended and cannot say so, since somebody has killed
// it. A job must not wait for it for ever.
func (j *Job) forget(ctx restate.ObjectContext, stored *job) error {
	run := stored.Running[0]
	attached := restate.AttachInvocation[restate.Void](ctx, run.InvocationID)
	// A run that was cancelled fails as this invocation would if it was. AllSettled tells the
	// two apart.
	settled, err := durable.AllSettled(durable.FutureOf(attached, attached.Response)).OrTimeout(ctx, lookAfter).Await(ctx)
	switch {
	case durable.IsTimeout(err):
		return nil
	case err != nil:
		return err
	}
	now, err := durable.Now(ctx)
	if err != nil {
		return err
	}
	stored.Running = slices.Delete(stored.Running, 0, 1)
	stored.ended(endingOf(stored.ID, run, settled[0].Err), now)
	return nil
}

// ended notes the end of a run.
func (s *job) ended(e Ending, now time.Time) {
	if s.Last != nil && s.Last.Number > e.Number {
		return // runs may end in another order
	}
	s.Last = &Outcome{Run: e.Run, Ended: now, Error: e.Error, Code: e.Code}
}

// endingOf is the end of a run with a failure, or nil.
func endingOf(id string, run Run, failure error) Ending {
	e := Ending{JobID: id, Run: run}
	if failure != nil {
		e.Error, e.Code = safeerr.Bound(failure.Error(), maxOutcome), handler.CodeOf(failure)
	}
	return e
}

// Run calls the handler of the job, and tells the job how that ended. It is for the job
// itself. It is shared, so that the job can be asked and changed meanwhile.
func (j *Job) Run(ctx restate.ObjectSharedContext, e Execution) error {
	call := rpc.Named[[]byte, []byte](e.Target.Service, e.Target.Handler).With(restate.WithBinary)
	if e.Target.Key != "" {
		call = call.Key(e.Target.Key)
	}
	_, err := call.Call(ctx, e.Target.body(), restate.WithHeaders(map[string]string{
		nameHeader: restate.Key(ctx),
		timeHeader: e.Time.UTC().Format(time.RFC3339Nano),
	}))
	if err != nil && !restate.IsTerminalError(err) {
		return err
	}
	_, err = rpc.SendVoid(ctx, j.self(ctx), (*Job).Ended, endingOf(e.JobID, e.Run, err))
	return err
}

// Ended notes how a run ended, and starts the next one if one waits. It is for the job
// itself.
func (j *Job) Ended(ctx restate.ObjectContext, e Ending) error {
	stored, found, err := record.Lookup(ctx)
	if err != nil || !found || stored.ID != e.JobID {
		return err
	}
	now, err := durable.Now(ctx)
	if err != nil {
		return err
	}
	stored.Running = slices.DeleteFunc(stored.Running, func(r Run) bool {
		if r.Number != e.Number {
			return false
		}
		e.Run = r // with its id
		return true
	})
	stored.ended(e, now)
	if err := j.next(ctx, &stored); err != nil {
		return err
	}
	return record.Set(ctx, stored)
}
