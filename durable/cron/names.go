package cron

import "github.com/fxrestate/go/durable"

// What this package writes into journals and state. Jobs live for years, and invocations in
// flight are replayed by the next version of the application: none of it ever changes.
var (
	// record is the state of a job.
	record = durable.NewStateKey[job]("job")
	// declared is what the application declared when it last started, under DeclaredKey.
	declared = durable.NewStateKey[[]string]("declared")
	// schedule computes the next time. It is a step, since a later version of the database of
	// time zones may come to another one.
	schedule = durable.NewStep[plan]("schedule")
)

const (
	// serviceName is the name of the virtual object, unless it is registered with another.
	serviceName = "CronJob"
	// DeclaredKey is the key of the object that [Job.Declare] is called with. No job has it as
	// its name.
	DeclaredKey = "#declared"
	// nameHeader and timeHeader tell a called handler for what it runs: see [RunOf].
	nameHeader = "x-cron-job"
	timeHeader = "x-cron-time"
)
