package runner

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fxrestate/go/internal/protocol"
	"github.com/fxrestate/go/internal/runtime"
)

// Failure is why an attempt failed.
type Failure struct {
	Code    uint32
	Message string
	Stack   string
	// Command is the command that the failure is about, or nil, and Name its name.
	Command *uint32
	Name    string
}

// failing is a failure of an attempt, and what it asks for.
type failing struct {
	Failure
	delay    *time.Duration // instead of the retry policy's
	behavior protocol.Behavior
}

func transient(format string, args ...any) failing {
	return failing{Failure: Failure{Code: 500, Message: fmt.Sprintf(format, args...)}}
}

// launch makes an attempt.
func (r *Runner) launch(inv *invocation) {
	inv.backoff, inv.pausing, inv.asked = nil, false, false
	inv.attempts++
	inv.sinceWait++
	inv.touched = time.Now()
	r.setStatus(inv, Running)
	if r.closed {
		return
	}
	switch {
	case inv.stub != nil:
		r.running[inv] = struct{}{}
		r.callStub(inv)
		return
	case r.handler == nil:
		r.failed(inv, transient("the application is not running"))
		return
	}
	r.running[inv] = struct{}{}
	r.wg.Add(1)
	inv.attempt = runtime.Start(r.handler, runtime.Request{
		Service: inv.request.Service, Handler: inv.request.Handler,
		Start: r.startMessage(inv), Journal: inv.journal,
		RequestResponse: r.cfg.AlwaysReplay,
		OnMessage: func(a *runtime.Attempt, f protocol.Frame) {
			r.mu.Lock()
			defer r.mu.Unlock()
			if inv.attempt == a {
				inv.touched = time.Now()
				r.take(inv, f)
			}
		},
		OnEnd: func(a *runtime.Attempt, e runtime.Ending) {
			defer r.wg.Done()
			r.mu.Lock()
			defer r.mu.Unlock()
			if inv.attempt == a {
				r.ended(inv, e)
				r.poke()
			}
		},
	})
}

// startMessage is the first message of an attempt.
func (r *Runner) startMessage(inv *invocation) *protocol.Start {
	start := &protocol.Start{
		ID: inv.id[:], DebugID: inv.text, Key: inv.request.Key,
		RetryCount: inv.sinceEntry, RandomSeed: RandomSeed(inv.id[:]),
		RetryDuration: uint64(r.now().Sub(inv.modified).Milliseconds()),
	}
	if !inv.method.service.kind.keyed() || inv.method.lazy {
		start.PartialState = true
		return start
	}
	state := r.instance(inv).state
	for _, key := range state.keys() {
		start.State = append(start.State, protocol.StateEntry{Key: []byte(key), Value: state[key]})
	}
	return start
}

// cut drops the attempt or the stub of an invocation, if one is under way.
func (r *Runner) cut(inv *invocation) {
	delete(r.running, inv)
	if inv.attempt != nil {
		inv.attempt.Cut()
		inv.attempt = nil
	}
	if inv.stopStub != nil {
		inv.stopStub()
		inv.stopStub = nil
	}
}

// ended takes the end of the attempt.
func (r *Runner) ended(inv *invocation, e runtime.Ending) {
	r.cut(inv)
	switch e.Kind {
	case runtime.Completed:
		r.complete(inv, e.Output.Result)
	case runtime.Suspended:
		r.suspended(inv, e.Suspension)
	case runtime.Failed:
		r.failed(inv, ofError(e.Error))
	case runtime.Refused:
		f := transient("the application answered: %s", strings.TrimSpace(e.String()))
		if e.RetryAfter > 0 {
			f.delay = &e.RetryAfter
		}
		r.failed(inv, f)
	default:
		r.failed(inv, transient("%s", e))
	}
}

// suspended lets an invocation wait, or go on if what it waits for has come meanwhile.
func (r *Runner) suspended(inv *invocation, s *protocol.Suspension) {
	switch {
	case inv.pausing:
		r.setStatus(inv, Paused)
	case slices.ContainsFunc(inv.notified, func(n notification) bool { return n.in(s) }):
		r.resume(inv)
	default:
		inv.waiting = s
		r.setStatus(inv, Suspended)
	}
}

func ofError(e *protocol.Error) failing {
	f := failing{Failure: Failure{Code: e.Code, Message: e.Message, Stack: e.StackTrace, Command: e.RelatedCommandIndex}, behavior: e.Behavior}
	if e.RelatedCommandName != nil {
		f.Name = *e.RelatedCommandName
	}
	if e.NextRetryDelay != nil {
		delay := time.Duration(*e.NextRetryDelay) * time.Millisecond
		f.delay = &delay
	}
	return f
}

// failed has an invocation retried, paused or ended after an attempt failed.
func (r *Runner) failed(inv *invocation, f failing) {
	inv.last = &f.Failure
	wait, again := time.Duration(0), !inv.pausing
	switch {
	case inv.pausing || f.behavior == protocol.BehaviorPause:
		r.logf("%s is paused: %s", inv, f.Message)
		r.setStatus(inv, Paused)
		return
	case f.behavior == protocol.BehaviorFail:
		again = false
	case f.delay != nil:
		wait = *f.delay // it counts as no attempt
	default:
		wait, again = inv.retries.next(r.policy(inv))
	}
	switch {
	case again:
		r.logf("attempt %d of %s failed, the next one is in %v: %s", inv.attempts, inv, wait, f.Message)
		inv.sinceEntry++
		inv.backoff = r.after(wait, func() { r.launch(inv) })
		r.setStatus(inv, BackingOff)
	case f.behavior == protocol.BehaviorFail || r.policy(inv).Kill:
		r.logf("attempt %d of %s failed, and was the last one: %s", inv.attempts, inv, f.Message)
		r.complete(inv, protocol.Failed(f.Code, f.Message))
	default:
		r.logf("attempt %d of %s failed, and it is paused: %s", inv.attempts, inv, f.Message)
		r.setStatus(inv, Paused)
	}
}

func (r *Runner) policy(inv *invocation) RetryPolicy {
	policy := r.retry
	if inv.method != nil {
		policy = inv.method.retry
		if now := r.method(inv.request.Service, inv.request.Handler); now != nil {
			policy = now.retry
		}
	}
	if r.cfg.OneAttempt {
		policy.MaxAttempts = 1
	}
	return policy
}
