package fxrestate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/durable/cron"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/backoff"
	"github.com/fxrestate/go/internal/tally"
	"github.com/fxrestate/go/rpc"
)

// Cron serves the jobs of package cron, which [Every] declares, and provides a [cron.Client]
// and a [cron.Ingress] for jobs that the program sets itself. List it once.
//
// Options are those of [Object]. The jobs are those of the service CronJob, as applications
// share a server: an application that shares it with another one that has jobs gives its own
// another [Name].
//
// Whoever can call the ingress can set, change, run and cancel jobs. A job from there calls
// only what they could call anyway, a handler of this application that is not private, or
// repeats what is declared: see [cron.Job.Set]. To keep them from that too, keep the ingress
// private, or give [Guards] among the options. The application declares its jobs through the
// ingress; what guards ask for, give in Config.Ingress.Headers. Guards do not run for what a
// job calls of itself.
func Cron(opts ...restate.ServiceDefinitionOption) fx.Option {
	position := caller()
	opts = append(inner((*cron.Job).Tick, (*cron.Job).Run, (*cron.Job).Ended, (*cron.Job).Put, (*cron.Job).Withdraw), opts...)
	return ownOption{fx.Options(
		register[*cron.Job](handler.Object, func(jobs rpc.Object[*cron.Job], d *declarer) *cron.Job { return cron.New(jobs, d.open) }, opts, position),
		fx.Provide(cron.NewClient, cron.NewIngress, func() *declarer { return &declarer{} }),
		fx.Invoke(startDeclarer),
	)}
}

// Every declares a job: the handler is called whenever the schedule says, see [cron.Parse].
//
//	fxrestate.Cron(),
//	fxrestate.Every("0 3 * * * Europe/Berlin", cron.Call((*Reports).Nightly, Report{To: "ada"})),
//	fxrestate.Every("@every 30s", cron.Call0Void((*Inbox).Poll).Key("main"), cron.Name("poll"), cron.Jitter(5*time.Second)),
//
// The job is set when the application has been registered, and then belongs to Restate: it
// survives the application and the server. Options are [cron.Name], [cron.Overlap],
// [cron.Missed] and [cron.Jitter]. A job is known by its name, by default that of its handler:
// it is the same job after a restart and in each replica, and what is declared differently is
// changed. A job that is not declared any more is cancelled.
//
// In a rolling deploy the replica that started last decides. If a replica of the old version
// starts in between, its jobs come back until the next start of the new one. Take out the
// declarations first, and [Cron] with a later version: nothing cancels jobs that nobody
// serves.
//
// A bad expression or task is an error of fx.New. Without [Cron] so is Every. In mode
// endpoint.Lambda jobs are not declared, since no process starts: set them with [cron.Ingress].
func Every(schedule string, task cron.Task, opts ...cron.Option) fx.Option {
	job := cronJob{cron.Declare(schedule, task, opts...), caller()}
	return ownOption{fx.Options(
		needModule("Every", job.position),
		fx.Supply(fx.Annotate(job, fx.ResultTags(`group:"fxrestate.cron"`))),
	)}
}

// cronJob is a call of [Every].
type cronJob struct {
	cron.Declared
	position string
}

// patient retries what a service of this module does for longer than any outage: by default an
// invocation is paused after 70 attempts, which is after an hour, and holds its object.
func patient() restate.ServiceDefinitionOption {
	return restate.WithInvocationRetryPolicy(restate.WithMaxRetryAttempts(1_000_000), restate.WithMaxRetryInterval(time.Minute))
}

// inner are the options of a service whose handlers, those that are named, only it calls.
func inner(methods ...any) []restate.ServiceDefinitionOption {
	opts := []restate.ServiceDefinitionOption{patient(), unguarded(methods...)}
	for _, m := range methods {
		opts = append(opts, Handler(m, restate.WithIngressPrivate(true)))
	}
	return opts
}

// unguarded keeps guards from handlers that a service of this module calls itself, without
// what a guard asks for.
func unguarded(methods ...any) restate.ServiceDefinitionOption {
	return newOption("", func(d *declaration) { d.unguarded = methods })
}

// declarer declares the jobs of the application.
type declarer struct {
	jobs map[string]cron.Definition
	log  *slog.Logger
	cron cron.Ingress
	// served are the handlers that the ingress serves, as "Service/Handler".
	served map[string]bool
}

// open reports whether anybody may have a target called: what the ingress serves, and what is
// declared.
func (d *declarer) open(t cron.Target) bool {
	if d.served[t.Service+"/"+t.Handler] {
		return true
	}
	// Encoded, since white space in an input may get lost on the way.
	wanted, err := json.Marshal(t)
	if err != nil {
		return false
	}
	for _, job := range d.jobs {
		if declared, err := json.Marshal(job.Target); err == nil && bytes.Equal(wanted, declared) {
			return true
		}
	}
	return false
}

// opens notes what the ingress serves.
func (d *declarer) opens(definitions []restate.ServiceDefinition) {
	if d == nil {
		return
	}
	d.served = map[string]bool{}
	for _, def := range definitions {
		for name, h := range def.Handlers() {
			private := h.GetOptions().IngressPrivate
			if private == nil {
				private = def.GetOptions().IngressPrivate
			}
			d.served[def.Name()+"/"+name] = private == nil || !*private
		}
	}
}

// resolve returns what is wrong with the declared jobs.
func (d *declarer) resolve(declared []cronJob, registry *handler.Registry) error {
	var errs []error
	if d == nil {
		for _, one := range declared {
			errs = append(errs, fmt.Errorf("fxrestate: Every (%s): nothing serves the jobs; list fxrestate.Cron() too", one.position))
		}
		return errors.Join(errs...)
	}
	d.jobs = make(map[string]cron.Definition, len(declared))
	at := make(map[string]string, len(declared))
	for _, one := range declared {
		name, def, err := one.Resolve(registry)
		if first, twice := at[name]; err == nil && twice {
			err = fmt.Errorf("the job %q is declared twice, also at %s; give one of them another cron.Name", name, first)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("fxrestate: Every (%s): %w", one.position, err))
			continue
		}
		d.jobs[name], at[name] = def, one.position
	}
	return errors.Join(errs...)
}

// declarePause is how long the application waits at most to try again.
const declarePause = 30 * time.Second

// startDeclarer takes the ingress client so that this stops before the endpoint does.
func startDeclarer(lc fx.Lifecycle, d *declarer, c cron.Ingress, _ *ingress.Client, e *endpoint.Endpoint, l *lifecycle, log *tellingLog) {
	if e.Config().Mode == endpoint.Lambda {
		return
	}
	d.cron, d.log = c, log.Logger
	var cancel context.CancelFunc
	var running sync.WaitGroup
	lc.Append(fx.StartStopHook(
		func() {
			var ctx context.Context
			ctx, cancel = context.WithCancel(context.Background())
			running.Go(func() { d.run(ctx, l.serving) })
		},
		func() {
			cancel()
			running.Wait()
		},
	))
}

// run declares the jobs when the application serves.
func (d *declarer) run(ctx context.Context, serving <-chan struct{}) {
	select {
	case <-serving:
	case <-ctx.Done():
		return
	}
	var reminder tally.Reminder
	for waits := backoff.New(time.Second, declarePause); ; {
		withdrawn, err := d.cron.Declare(ctx, d.jobs)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			d.log.InfoContext(ctx, "cron jobs declared", "jobs", len(d.jobs), "withdrawn", withdrawn)
			return
		case reminder.Due():
			d.log.WarnContext(ctx, "cron jobs are not declared; trying again", "error", err)
		}
		if !backoff.Sleep(ctx, waits.Next()) {
			return
		}
	}
}
