// Package cron has jobs that call handlers at certain times, by cron expressions with time
// zones. A job is a virtual object that sends itself a message for its next time, so that it
// survives the application, the server and deployments, and runs once, however many replicas
// there are.
//
// # Declared jobs
//
// A program declares its jobs, and fxrestate sets them when the application has started:
//
//	fxrestate.Cron(), // once
//	fxrestate.Every("0 3 * * * Europe/Berlin", cron.Call((*Reports).Nightly, Report{To: "ada"})),
//
// The compiler checks the input. A bad expression, or a handler that is not registered, is an
// error of fx.New. A job has the name of its handler, unless [Name] gives it another: it is
// the same job after a restart, what is declared differently is changed, and what is not
// declared any more is cancelled.
//
// # Jobs of the program
//
// [Client], inside handlers, and [Ingress], outside, set jobs at run time, and pause, trigger,
// cancel, show and list them. A handler asks [RunOf] what it runs for.
//
// # Time
//
// [Parse] has the expressions, and what happens when clocks change. A run may be late: by
// [Jitter], by what else the object does, and by an outage. What it missed, [Missed] decides,
// and [Overlap] what happens while the last run goes on. The next time is computed when a time
// has come, and stored: a later version of the database of time zones applies from the time
// after that.
//
// A handler that fails is retried by its own policy, and the job goes on with its next time.
// What ended the last run is in [Info]. The messages of a job itself are retried for as long
// as it takes. Somebody who kills one stops the job until it is set or declared again.
package cron
