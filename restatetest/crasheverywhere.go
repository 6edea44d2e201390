package restatetest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fxrestate/go/internal/crash"
)

const (
	// replays is how often each journal is replayed in order to find what is not
	// deterministic: a coin that is tossed would show the same side as often.
	replays = 16
	// enough is how many failures are shown.
	enough = 5
)

// CrashEverywhere proves that a scenario has the same outcome wherever a process dies. It
// runs the scenario undisturbed, and then again for each entry of the journals of its
// invocations, with the process dying right before and right after that entry: all
// connections break, and the application is built anew, so that what structs had in memory
// is lost. The result, the state of all objects and workflows, and the effects must be those
// of the undisturbed run; see [Scenario]. Further disturbances are those of [Disturbance].
// Each run has a server without anything on it.
//
// It also finds handlers that are not deterministic, and those that use the ctx of a handler
// inside of a step or on another goroutine: the error names the handler, the entry, what was
// recorded and what was attempted. For that it replays the journals of the undisturbed run,
// and compares those of all runs. The latter takes a handler for wrong that goes
// another way because of its invocation's id.
//
// The random numbers that handlers get from restate.Rand and restate.UUID are the same in
// all runs. Failed attempts are retried by the policies of the services: a long interval
// makes a run long. When the deadline of the test is near, it stops and says in the log how
// many runs there was no time for.
func CrashEverywhere(t testing.TB, s Scenario) Rehearsal {
	t.Helper()
	if s.App == nil || s.Do == nil {
		t.Fatal("restatetest: CrashEverywhere: the Scenario needs App and Do")
	}
	if s.Seed == 0 {
		s.Seed = rand.Uint64()
	}
	r := &rehearsal{t: t, scenario: s, began: time.Now(), Rehearsal: Rehearsal{Seed: s.Seed}}
	if r.undisturbed() {
		r.disturbed()
	}
	if r.deaths > 0 && r.deaths == r.Missed {
		r.fail("the process died in none of %d runs: the handlers go another way each time", r.deaths)
	}
	if t.Failed() {
		t.Logf("restatetest: CrashEverywhere: to run it in the same way again, set Scenario.Seed to %d", s.Seed)
	}
	if r.Missed > 0 || r.Untried > 0 {
		t.Logf("restatetest: CrashEverywhere: of %d runs, %d did not come to the entry where the process was to die; for %d more there was no time",
			r.Runs, r.Missed, r.Untried)
	}
	return r.Rehearsal
}

// rehearsal is all runs of a scenario.
type rehearsal struct {
	Rehearsal

	t        testing.TB
	scenario Scenario
	began    time.Time
	byOrder  bool
	base     outcome
	failures int
	deaths   int // runs in which the process was to die
}

// fail reports a failure, and reports whether that was enough.
func (r *rehearsal) fail(format string, args ...any) {
	r.t.Helper()
	r.failures++
	r.t.Errorf("restatetest: CrashEverywhere: "+format, args...)
}

// undisturbed makes what the others are compared with, and reports whether it can serve
// for that.
func (r *rehearsal) undisturbed() bool {
	r.t.Helper()
	first, second, ok := r.twice()
	if ok && !slices.Equal(identities(first), identities(second)) {
		// Keys or inputs are other ones in each run.
		r.byOrder = true
		first, second, ok = r.twice()
	}
	if !ok {
		return false
	}
	r.base = second
	if differs := first.differs(second, equalEffects); differs != "" {
		r.fail("two runs that nothing disturbs differ; let Do, Effects and Exactly return only what is the same each time: %s", differs)
		return false
	}
	for _, inv := range r.base.invocations {
		r.Entries += len(inv.Entries)
	}
	if r.Entries == 0 {
		r.fail("no invocation of the application was seen; Do is to call one, and the endpoint must listen by itself (endpoint.Listen)")
		return false
	}
	return true
}

func (r *rehearsal) twice() (first, second outcome, ok bool) {
	r.t.Helper()
	if first, ok = r.calm(); !ok {
		return first, second, false
	}
	second, ok = r.calm()
	return first, second, ok
}

// calm is a run that nothing disturbs.
func (r *rehearsal) calm() (outcome, bool) {
	r.t.Helper()
	o := r.run(disturbed{plan: r.plan()}, replays)
	for _, f := range o.findings {
		r.fail("%v", f)
	}
	if len(o.findings) == 0 && o.failure != "" {
		r.fail("a run that nothing disturbs fails:\n%s\n%s", o.failure, o.log)
	}
	return o, len(o.findings) == 0 && o.failure == ""
}

func (r *rehearsal) plan() crash.Plan {
	return crash.Plan{Seed: r.scenario.Seed, ByOrder: r.byOrder}
}

func identities(o outcome) []string {
	var all []string
	for _, inv := range o.invocations {
		all = append(all, fmt.Sprint(inv.Identity, inv.Input))
	}
	slices.Sort(all)
	return all
}

// disturbed makes all other runs.
func (r *rehearsal) disturbed() {
	r.t.Helper()
	all := r.all()
	var longest time.Duration
	for i, d := range all {
		if r.failures >= enough {
			r.t.Logf("restatetest: CrashEverywhere: %d runs were left out after %d failures", len(all)-i, r.failures)
			return
		}
		if !r.timeFor(2 * longest) {
			r.Untried = len(all) - i
			return
		}
		began := time.Now()
		r.disturb(d)
		longest = max(longest, time.Since(began))
	}
}

// timeFor reports whether the test may take so long before it must end.
func (r *rehearsal) timeFor(d time.Duration) bool {
	t, ok := r.t.(interface{ Deadline() (time.Time, bool) })
	if !ok {
		return true
	}
	deadline, limited := t.Deadline()
	if !limited {
		return true
	}
	margin := deadline.Sub(r.began) / 10
	return time.Until(deadline) > d+margin
}

// all returns what runs are to be disturbed by: in the order of the handlers, of their
// invocations and of the entries, or those that the seed chooses.
func (r *rehearsal) all() (all []disturbed) {
	disturbances := r.scenario.Disturbances
	if len(disturbances) == 0 {
		disturbances = allDisturbances
	}
	invocations := slices.Clone(r.base.invocations)
	slices.SortStableFunc(invocations, func(a, b crash.Invocation) int { return strings.Compare(a.String(), b.String()) })
	var deaths []disturbed
	for _, d := range disturbances {
		plan := r.plan()
		when, dies := sides[d]
		switch {
		case dies:
			for _, inv := range invocations {
				for i, entry := range inv.Entries {
					plan.Point = &crash.Point{Invocation: inv.Identity, Entry: i + 1, When: when}
					deaths = append(deaths, disturbed{d, plan, entry})
				}
			}
			continue
		case d == SuspendAlways:
			plan.Suspend = true
		case d == DuplicateAttempts:
			plan.Duplicate = true
		default:
			r.fail("there is no disturbance %q", d)
		}
		all = append(all, disturbed{disturbance: d, plan: plan})
	}
	if limit := r.scenario.Limit; limit > 0 && len(deaths) > limit {
		random := rand.New(rand.NewPCG(r.scenario.Seed, 0))
		chosen := slices.Sorted(slices.Values(random.Perm(len(deaths))[:limit]))
		for i, n := range chosen {
			deaths[i] = deaths[n]
		}
		deaths = deaths[:limit]
	}
	return append(all, deaths...)
}

// disturb makes one run and compares it with the undisturbed one.
func (r *rehearsal) disturb(d disturbed) {
	r.t.Helper()
	o := r.run(d, 0)
	where := d.String()
	switch {
	case len(o.findings) > 0:
		r.fail("where %s: %v", where, o.findings[0])
		return
	case o.failure != "":
		if r.failures > 0 {
			o.log = "" // one is enough
		}
		r.fail("where %s, the scenario fails:\n%s\n%s", where, o.failure, o.log)
		return
	}
	if at := d.plan.Point; at != nil {
		r.deaths++
		switch {
		case o.died == nil:
			r.Missed++
		case at.When == crash.After && !o.died.Stored:
			r.Unstored++
		}
	}
	if differs := r.base.differs(o, atLeastEffects); differs != "" {
		r.fail("where %s: %s", where, differs)
		return
	}
	bases := map[crash.Identity]*crash.Invocation{}
	for i, inv := range r.base.invocations {
		bases[inv.Identity] = &r.base.invocations[i]
	}
	for i := range o.invocations {
		now := &o.invocations[i]
		if base := bases[now.Identity]; base != nil {
			if f := crash.Compare(base, now); f != nil {
				r.fail("where %s: %v", where, f)
				return
			}
		}
	}
}

// String says when and where a run is disturbed.
func (d disturbed) String() string {
	p := d.plan.Point
	if p == nil {
		return "the scenario " + string(d.disturbance)
	}
	return fmt.Sprintf("the process of %s %s entry %d, %s", p.Invocation, d.disturbance, d.entry.Index, d.entry)
}

// equalEffects and atLeastEffects compare the effects of an undisturbed run with those of
// another one.

func equalEffects(want, got map[string]int) string {
	if maps.Equal(want, got) {
		return ""
	}
	return fmt.Sprintf("the effects are %v, and were %v", got, want)
}

func atLeastEffects(want, got map[string]int) string {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] < want[name] {
			return fmt.Sprintf("the effect %q took place %d times, and %d times undisturbed", name, got[name], want[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if want[name] == 0 && got[name] > 0 {
			return fmt.Sprintf("the effect %q took place %d times, and not at all undisturbed", name, got[name])
		}
	}
	return ""
}
