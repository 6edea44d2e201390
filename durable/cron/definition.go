package cron

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	restate "github.com/restatedev/sdk-go"
)

// Bounds of what a definition may have.
const (
	maxName    = 512
	maxPayload = 1 << 20
	maxJitter  = 24 * time.Hour
)

// Overlap says what happens when a job is due and its last run still goes on.
type Overlap string

// The policies for overlaps. Each is an [Option].
const (
	// Skip leaves the run out. It is the default.
	Skip Overlap = "skip"
	// Queue runs one after the other. A job has at most 100 runs that wait; further ones are
	// left out.
	Queue Overlap = "queue"
	// Allow lets runs go on at the same time, at most 100 of them.
	Allow Overlap = "allow"
)

// Missed says what happens to the times at which a job could not run, because the
// application or the server was down until the next time had come too.
type Missed string

// The policies for missed times. Each is an [Option].
const (
	// RunOnce runs once for all of them. It is the default.
	RunOnce Missed = "once"
	// RunNone leaves them out.
	RunNone Missed = "none"
	// RunAll runs once for each of them, one after the other: for each second of an outage if
	// the job runs each second. It goes with [Queue] and [Allow], since [Skip] leaves out what
	// is due while a run goes on.
	RunAll Missed = "all"
)

// Definition is a job on the wire: what [Job.Set] takes. Programs in Go have [Client.Set] and
// [Ingress.Set] instead. As JSON:
//
//	{"schedule": "0 3 * * * Europe/Berlin", "target": {"service": "Reports", "handler": "Nightly"}}
type Definition struct {
	// Schedule is the expression: see [Parse]. Required.
	Schedule string `json:"schedule"`
	// Target is the handler that is called.
	Target Target `json:"target"`
	// Overlap is what happens if the last run still goes on. Default: [Skip].
	Overlap Overlap `json:"overlap,omitempty"`
	// Missed is what happens to missed times. Default: [RunOnce].
	Missed Missed `json:"missed,omitempty"`
	// Jitter delays each run at random by less than it. It is a duration as in Go, such as
	// "30s", of at most a day. Default: none.
	Jitter string `json:"jitter,omitempty"`
	// Declared says that an application declares the job, and withdraws it with the
	// declaration: see [Job.Declare].
	Declared bool `json:"declared,omitempty"`
}

// Target is the handler that a job calls, and its input.
type Target struct {
	// Service and Handler are the names on the wire. Required.
	Service string `json:"service"`
	Handler string `json:"handler"`
	// Key is that of a virtual object, or the id of a workflow.
	Key string `json:"key,omitempty"`
	// KeyPerRun gives each run a key of its own: the name of the job and the time. It is for
	// workflows, which run once for each id.
	KeyPerRun bool `json:"keyPerRun,omitempty"`
	// Payload is an input that is JSON, and Raw any other. At most 1 MiB. Default: none.
	Payload json.RawMessage `json:"payload,omitempty"`
	Raw     []byte          `json:"raw,omitempty"`
}

// String returns "service/handler", with the key between them if there is one.
func (t Target) String() string {
	if t.Key == "" {
		return t.Service + "/" + t.Handler
	}
	return t.Service + "/" + t.Key + "/" + t.Handler
}

// body is the input as it is sent.
func (t Target) body() []byte {
	if len(t.Payload) > 0 {
		return t.Payload
	}
	return t.Raw
}

// timing is when a definition has a job run.
type timing struct {
	schedule Schedule
	jitter   time.Duration
}

// check returns the schedule of a definition and what is wrong with it.
func (d Definition) check() (t timing, err error) {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("cron: "+format, args...)) }
	if t.schedule, err = Parse(d.Schedule); err != nil {
		errs = append(errs, err)
	}
	if d.Target.Service == "" || d.Target.Handler == "" {
		wrong("the target has no service or no handler; name both")
	}
	if len(d.Target.String()) > 2*maxName || !utf8.ValidString(d.Target.String()) {
		wrong("the names of the target have more than %d bytes, or are not valid UTF-8", 2*maxName)
	}
	if d.Target.Key != "" && d.Target.KeyPerRun {
		wrong("the target has a key, and one for each run; leave one of them out")
	}
	if len(d.Target.body()) > maxPayload {
		wrong("the payload has more than %d bytes", maxPayload)
	}
	switch d.Overlap {
	case "", Skip, Queue, Allow:
	default:
		wrong("the overlap %q is none of skip, queue and allow", shorten(string(d.Overlap)))
	}
	switch d.Missed {
	case "", RunOnce, RunNone, RunAll:
	default:
		wrong("the policy %q for missed times is none of once, none and all", shorten(string(d.Missed)))
	}
	if d.Jitter != "" {
		t.jitter, err = time.ParseDuration(d.Jitter)
		if err != nil || t.jitter < 0 || t.jitter > maxJitter {
			wrong("the jitter %q is no duration from 0s to %v", shorten(d.Jitter), maxJitter)
		}
	}
	return t, errors.Join(errs...)
}

// sameTimes reports whether two definitions run at the same times.
func (d Definition) sameTimes(other Definition) bool {
	return strings.Join(strings.Fields(d.Schedule), " ") == strings.Join(strings.Fields(other.Schedule), " ") && d.Jitter == other.Jitter
}

// checkName returns what is wrong with the name of a job.
func checkName(name string) error {
	switch {
	case name == "":
		return errors.New("cron: the name of the job is empty")
	case len(name) > maxName:
		return fmt.Errorf("cron: the name of the job has more than %d bytes", maxName)
	case !utf8.ValidString(name):
		return errors.New("cron: the name of the job is not valid UTF-8")
	case strings.HasPrefix(name, "#"):
		return fmt.Errorf("cron: the name %q of the job begins with #, which is for the package itself", name)
	}
	return nil
}

// badRequest is a mistake of the caller.
func badRequest(err error) error { return restate.ToTerminalError(err, restate.WithErrorCode(400)) }
