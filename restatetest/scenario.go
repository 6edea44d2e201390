package restatetest

import (
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxrestate/go/internal/crash"
)

// Scenario is what [CrashEverywhere] runs again and again. App and Do are needed.
type Scenario struct {
	// App returns the options of the application, as [Start] takes them. It is called once
	// for each run, and sets up anew what is outside of the application, such as a fake of
	// a payment provider: that outlives the application, which dies and is built again by
	// the same options.
	App func() []fx.Option
	// Do calls handlers and returns what came of it, which must be the same in each run. It
	// is compared as JSON, where ids of invocations and awakeables count as equal. An error
	// stands for its text, also in a []any with other things. All invocations that Do began
	// must come to an end.
	//
	// It runs on a goroutine of its own, for a test of its own: use t, and not the test
	// around it. The application may die and be started again while it runs; the
	// methods of env that do this are not for Do.
	Do func(t testing.TB, env *Env) any
	// Effects returns how often each effect took place outside of Restate since App was
	// called. It must be the same in each run that nothing disturbs. In the others each
	// effect must have taken place at least as often, since a step runs again if the
	// process dies before its result is journaled, and no other one may have. Default: nil,
	// effects are not looked at.
	Effects func() map[string]int
	// Exactly returns what must be equal in each run, as JSON, such as what arrived where
	// duplicates are dropped by their idempotency key. Default: nil.
	Exactly func() any

	// Within bounds Do, and then the wait for the end of all invocations, in each run.
	// Default: what [Within] says among the options of the application.
	Within time.Duration
	// Disturbances are what is done. Default: all.
	Disturbances []Disturbance
	// Limit bounds how often a process dies. Which entries these are then is up to the seed.
	// Default: 0, at every entry.
	Limit int
	// Seed determines the random numbers of handlers, and which entries are chosen. A failure
	// tells it. Default: 0, another one each time.
	Seed uint64
}

// Disturbance is something that happens to attempts. Its text is what a failure calls it.
type Disturbance string

// The disturbances.
const (
	// DieBefore lets the process die right before it sends an entry of a journal, once for
	// each entry: each command, and each result of a step.
	DieBefore Disturbance = "dies before"
	// DieAfter lets it die right after the entry was stored.
	DieAfter Disturbance = "dies after"
	// DieWithin breaks the connection in the middle of the entry.
	DieWithin Disturbance = "dies within"
	// SuspendAlways suspends each attempt wherever it waits, in one run.
	SuspendAlways Disturbance = "suspends at every await"
	// DuplicateAttempts runs each attempt a second time beside the living one, in one run, as
	// if Restate took a slow process for a dead one. What it writes is dropped. Steps run
	// twice.
	DuplicateAttempts Disturbance = "has a duplicate of each attempt"
)

var allDisturbances = []Disturbance{SuspendAlways, DuplicateAttempts, DieBefore, DieAfter, DieWithin}

// sides are where the process dies.
var sides = map[Disturbance]crash.When{DieBefore: crash.Before, DieAfter: crash.After, DieWithin: crash.Within}

// Rehearsal is what [CrashEverywhere] has done.
type Rehearsal struct {
	Seed    uint64
	Entries int // of all journals
	Runs    int // undisturbed ones too
	Missed  int // runs that did not come to the entry, because handlers go different ways
	Untried int // runs that there was no time for
	// Unstored are runs in which the process died after an entry that Restate did not
	// acknowledge before. It cannot where it does not listen, as with [AlwaysReplay].
	Unstored int
}

// disturbed is what a run is to be disturbed by.
type disturbed struct {
	disturbance Disturbance
	plan        crash.Plan
	entry       crash.Entry // of the point
}
