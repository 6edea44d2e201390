package restatetest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/crash"
)

// outcome is what came of one run.
type outcome struct {
	result  string // as JSON, without ids, as all of these
	state   map[string]string
	exactly string
	effects map[string]int

	failure     string // of the run itself
	log         string // of the application and the server, if it failed
	findings    []*crash.Finding
	invocations []crash.Invocation
	died        *crash.Death // of the process, at the point
}

// differs says in what another outcome differs, or is empty.
func (o *outcome) differs(other outcome, effects func(want, got map[string]int) string) string {
	switch {
	case o.result != other.result:
		return fmt.Sprintf("the result is %s, and was %s undisturbed", other.result, o.result)
	case o.exactly != other.exactly:
		return fmt.Sprintf("what Exactly returns is %s, and was %s undisturbed", other.exactly, o.exactly)
	}
	for _, name := range slices.Sorted(maps.Keys(o.state)) {
		if got, ok := other.state[name]; !ok {
			return fmt.Sprintf("the state %s is not there, and was %s undisturbed", name, o.state[name])
		} else if got != o.state[name] {
			return fmt.Sprintf("the state %s is %s, and was %s undisturbed", name, got, o.state[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(other.state)) {
		if _, ok := o.state[name]; !ok {
			return fmt.Sprintf("the state %s is %s, and was not there undisturbed", name, other.state[name])
		}
	}
	return effects(o.effects, other.effects)
}

// run runs the scenario once, and replays the journals afterwards some times.
func (r *rehearsal) run(d disturbed, replays int) (o outcome) {
	r.t.Helper()
	r.Runs++
	t := newRunTB(r.t)
	in := crash.New(d.plan)
	defer in.Close()
	defer func() {
		said := len(t.text())
		t.end() // what failed tells its log
		if t.Failed() {
			o.log = t.text()[said:]
		}
	}()
	p := &performance{rehearsal: r, t: t, injector: in, started: make(chan *Env, 1), done: make(chan struct{}), over: make(chan struct{})}
	go p.perform(replays, &o)
	o.died = p.conduct()
	<-p.over
	o.findings = in.Findings()
	o.invocations = in.Invocations()
	if t.Failed() {
		o.failure = t.text() + unended(o.invocations)
	}
	return o
}

// performance is a run that goes on.
type performance struct {
	rehearsal *rehearsal
	t         *runTB
	injector  *crash.Injector
	started   chan *Env
	done      chan struct{} // closed when Do has returned
	over      chan struct{} // closed when all is over
}

// perform runs the scenario on a goroutine of its own, which a failure ends.
func (p *performance) perform(replays int, o *outcome) {
	defer close(p.over)
	defer func() {
		if v := recover(); v != nil {
			p.t.Errorf("Do panics: %v\n%s", v, debug.Stack())
		}
	}()
	s := p.rehearsal.scenario
	env := Start(p.t, append(slices.Clone(s.App()), wrapHandler(p.injector.Process))...)
	p.started <- env
	result := s.Do(p.t, env)
	close(p.done)
	p.settle(env)
	o.result = p.encode("Do", result)
	o.state = p.state(env)
	if s.Effects != nil {
		o.effects = maps.Clone(s.Effects())
	}
	if s.Exactly != nil {
		o.exactly = p.encode("Exactly", s.Exactly())
	}
	if replays > 0 {
		p.injector.Replay(p.t.Context(), replays)
	}
}

// conduct lets the application die and start again when it is time, and ends a run in which
// something was found or that does not end. It returns when the run is over, and what the
// process has died at, if it has.
func (p *performance) conduct() (died *crash.Death) {
	var env *Env
	var late <-chan time.Time
	found, done := p.injector.Found(), p.done
	for {
		select {
		case <-done:
			done, late = nil, nil
		case env = <-p.started:
			if done != nil {
				timer := time.NewTimer(p.within(env))
				defer timer.Stop()
				late = timer.C
			}
		case d := <-p.injector.Died():
			died = &d
			if env == nil {
				select {
				case env = <-p.started:
				case <-p.over: // its start waited for what has died
					return died
				}
			}
			p.t.apart(func() {
				env.KillApp()
				env.StartApp()
			})
			if p.t.Failed() {
				p.abandon(env)
			}
		case <-found:
			found = nil
			p.abandon(env) // the invocation would be tried again for ever
		case <-late:
			p.t.Errorf("Do has not returned after %v; set Scenario.Within if it needs longer", p.within(env))
			p.abandon(env)
		case <-p.over:
			return died
		}
	}
}

// within bounds Do, and the wait after it.
func (p *performance) within(env *Env) time.Duration {
	return cmp.Or(p.rehearsal.scenario.Within, env.set.within)
}

// abandon ends a run: what Do waits for comes to an end.
func (p *performance) abandon(env *Env) {
	p.t.cancel()
	if env == nil {
		return
	}
	ctx, cancel := env.cleanupContext()
	defer cancel()
	for _, inv := range p.injector.Invocations() {
		if !inv.Journal.Ended {
			_ = env.backend.change(ctx, inv.ID, verbKill) // it may have ended
		}
	}
}

// arriveWithin bounds how long it may take until what handlers have sent has arrived. It
// may never do so: a workflow runs once, however often it is called.
const arriveWithin = 5 * time.Second

// settle waits until all invocations have ended.
func (p *performance) settle(env *Env) {
	ctx, cancel := context.WithTimeout(p.t.Context(), p.within(env))
	defer cancel()
	began := time.Now()
	var last error
	err := env.backend.await(ctx, func() (err error) {
		all, err := env.backend.invocations(ctx, admin.InvocationFilter{Statuses: statuses, Limit: most})
		if err != nil {
			return cmp.Or(last, err) // the time may just be over
		}
		defer func() { last = err }()
		left := slices.DeleteFunc(slices.Clone(all), func(i admin.Invocation) bool { return i.Status == admin.StatusCompleted })
		if len(left) > 0 {
			return fmt.Errorf("%d invocations have not ended; Do must wait for them, or complete or cancel what they wait for: %s/%s (%s) is %s after %d attempts %s",
				len(left), left[0].Service, left[0].Handler, left[0].ID, left[0].Status, left[0].RetryCount, left[0].LastFailure)
		}
		if err := p.underway(all); err != nil && time.Since(began) < arriveWithin {
			return err
		}
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// underway returns an error if a handler has sent what Restate does not have yet.
func (p *performance) underway(all []admin.Invocation) error {
	ids := map[string]bool{}
	arrived := map[crash.Address]int{}
	for _, inv := range p.injector.Invocations() {
		ids[inv.ID] = true
		arrived[crash.Address{Service: inv.Service, Key: inv.Journal.Start.Key, Handler: inv.Handler}]++
	}
	for _, inv := range all {
		if !ids[inv.ID] {
			arrived[crash.Address{Service: inv.Service, Key: inv.Key, Handler: inv.Handler}]++
		}
	}
	for to, n := range p.injector.Called() {
		if arrived[to] < n {
			return fmt.Errorf("an invocation of %s/%s is under way", to.Service, to.Handler)
		}
	}
	return nil
}

// state returns the state of all objects and workflows that were invoked.
func (p *performance) state(env *Env) map[string]string {
	ctx, cancel := env.context()
	defer cancel()
	all := map[string]string{}
	seen := map[[2]string]bool{}
	ordinals := map[string]int{}
	for _, inv := range p.injector.Invocations() {
		at := [2]string{inv.Service, inv.Journal.Start.Key}
		if at[1] == "" || seen[at] {
			continue
		}
		seen[at] = true
		state, err := env.backend.state(ctx, at[0], at[1])
		if err != nil {
			p.t.Fatalf("the state of %s/%s: %v", at[0], at[1], err)
		}
		key := at[1]
		if p.rehearsal.byOrder {
			ordinals[at[0]]++
			key = fmt.Sprint("#", ordinals[at[0]])
		}
		for name, value := range state {
			all[fmt.Sprintf("%q of %s/%s", name, at[0], key)] = string(crash.WithoutIDs(value))
		}
	}
	return all
}

func (p *performance) encode(what string, v any) string {
	encoded, err := json.Marshal(texts(v))
	if err != nil {
		p.t.Fatalf("what %s returns does not encode as JSON: %v", what, err)
	}
	return string(crash.WithoutIDs(encoded))
}

// texts replaces errors by their texts, which JSON does not show.
func texts(v any) any {
	switch v := v.(type) {
	case error:
		return v.Error()
	case []any:
		all := make([]any, len(v))
		for i, one := range v {
			all[i] = texts(one)
		}
		return all
	default:
		return v
	}
}

// unended says of invocations that have not ended why their last attempts failed.
func unended(invocations []crash.Invocation) string {
	var text strings.Builder
	for _, inv := range invocations {
		if n := len(inv.Failures); !inv.Journal.Ended && n > 0 {
			fmt.Fprintf(&text, "\nan attempt of %s failed: %s", inv.Identity, inv.Failures[n-1])
		}
	}
	return text.String()
}
