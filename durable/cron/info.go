package cron

import (
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// Info is what is known of a job. Times are in UTC.
type Info struct {
	// Name of the job.
	Name string `json:"name"`
	// Definition is what it does and when.
	Definition
	// Next is when it runs next, without jitter, and NextInvocation the invocation that waits
	// for that. They are empty if it is paused.
	Next           time.Time `json:"next,omitzero"`
	NextInvocation string    `json:"nextInvocation,omitempty"`
	// Paused says that it does not run until [Job.Resume].
	Paused bool `json:"paused,omitempty"`
	// Runs counts the runs that have begun, and Skipped those that were left out.
	Runs    uint64 `json:"runs,omitempty"`
	Skipped uint64 `json:"skipped,omitempty"`
	// Running are the runs that go on.
	Running []Run `json:"running,omitempty"`
	// Queued are the times of the runs that wait for their turn.
	Queued []time.Time `json:"queued,omitempty"`
	// Last is the run that ended last, or nil.
	Last *Outcome `json:"last,omitempty"`
}

// Run is a run of a job.
type Run struct {
	// Number counts the runs of the job, from 1 on.
	Number uint64 `json:"number"`
	// Time is the time that the run is for, by the schedule. Of a run by [Job.Trigger] it is
	// the time of that.
	Time time.Time `json:"time"`
	// InvocationID is the invocation that calls the handler and waits for it. To cancel it
	// cancels both.
	InvocationID string `json:"invocationId,omitempty"`
}

// Outcome is how a run ended.
type Outcome struct {
	Run
	// Ended is when.
	Ended time.Time `json:"ended"`
	// Error is the failure of the handler, at most 500 bytes of it, and Code its code. They
	// are empty if it succeeded.
	Error string       `json:"error,omitempty"`
	Code  restate.Code `json:"code,omitempty"`
}

// RunOf returns the name of the job that called a handler, and the time that the run is for.
// It is false for a handler that somebody else called.
func RunOf(ctx restate.Context) (name string, at time.Time, ok bool) {
	name, text := durable.Header(ctx, nameHeader), durable.Header(ctx, timeHeader)
	at, err := time.Parse(time.RFC3339Nano, text)
	return name, at, name != "" && err == nil
}
