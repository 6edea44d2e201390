package runner

import (
	"context"
	"time"
)

// clock is the runner's. It is ahead of the real one, by more after each jump, or it
// stands still.
//
// The SDK knows nothing of it: a sleep comes as the real time at which it is to end. What
// counts of that is how long it is from when it comes, on the runner's clock.
type clock struct {
	manual bool
	set    time.Time // what it was set to at last
	at     time.Time // when that was, on the real one
}

func (c *clock) start(manual bool) {
	c.manual = manual
	c.setTo(time.Now().Round(0))
}

func (c *clock) setTo(t time.Time) { c.set, c.at = t, time.Now() }

func (c *clock) now() time.Time {
	if c.manual {
		return c.set
	}
	return c.set.Add(time.Since(c.at))
}

// moveTo moves the clock, never back.
func (c *clock) moveTo(at time.Time) {
	if at.After(c.now()) {
		c.setTo(at)
	}
}

func (r *Runner) now() time.Time { return r.clock.now() }

// Now returns the time of the runner's clock.
func (r *Runner) Now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now()
}

// after has something done when a time has passed, on the runner's clock.
func (r *Runner) after(d time.Duration, do func()) *timer {
	t := r.timers.add(r.now().Add(d), do)
	if r.timers.next() == t {
		r.wake()
	}
	return t
}

// fire does what is due.
func (r *Runner) fire() {
	for now := r.now(); ; {
		t := r.timers.due(now)
		if t == nil {
			return
		}
		t.do()
	}
}

// How long an attempt has written nothing and has been told nothing before it is asked to
// suspend, so that the clock can jump. With a step under way it is longer: if the handler
// waits for something else meanwhile, a suspension loses the result of the step. It is what the server's
// inactivity timeout is, which ends a wait in the same way.
const (
	quiet         = 2 * time.Millisecond
	quietWithStep = 100 * time.Millisecond
)

// loop moves the clock and does what is due, until Close.
func (r *Runner) loop() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		r.mu.Lock()
		next := r.step()
		closed := r.closed
		r.mu.Unlock()
		if closed {
			return
		}
		timer.Reset(next)
		select {
		case <-timer.C:
		case <-r.woken:
		}
	}
}

// wake has the loop look again.
func (r *Runner) wake() {
	select {
	case r.woken <- struct{}{}:
	default:
	}
}

// poke has the loop look again if somebody waits for that nothing runs, or for the clock.
func (r *Runner) poke() {
	if r.wanted() {
		r.wake()
	}
}

// wanted reports whether something is to happen when nothing runs. Without an application
// the clock does not jump: that would use up the attempts of all that fails meanwhile.
func (r *Runner) wanted() bool {
	return len(r.settlers) > 0 || !r.clock.manual && r.waiters > 0 && r.handler != nil && r.timers.next() != nil
}

// step does what can be done now, and returns when to look again at the latest.
func (r *Runner) step() time.Duration {
	if !r.clock.manual {
		r.fire()
	}
	switch {
	case r.closed:
		return 0
	case !r.wanted():
		return r.untilNext()
	case len(r.running) > 0:
		return min(r.suspendQuiet(time.Now()), r.untilNext())
	case len(r.settlers) > 0:
		for _, settled := range r.settlers {
			close(settled)
		}
		r.settlers = nil
		return 0
	case !r.looked():
		return r.untilNext()
	default:
		r.clock.moveTo(r.timers.next().at)
		return 0
	}
}

// untilNext is how long it is until the next timer is due.
func (r *Runner) untilNext() time.Duration {
	next := r.timers.next()
	if next == nil || r.clock.manual {
		return time.Hour
	}
	return max(next.at.Sub(r.now()), 0)
}

// suspendQuiet asks attempts to suspend that seem to wait, and returns when to look
// again. Whether they do nobody can see from outside: those that do not will go on.
func (r *Runner) suspendQuiet(now time.Time) time.Duration {
	next := time.Hour
	for inv := range r.running {
		if inv.attempt == nil || inv.asked {
			continue
		}
		enough := quiet
		if inv.steps > 0 {
			enough = quietWithStep
		}
		if left := enough - now.Sub(inv.touched); left > 0 {
			next = min(next, left)
			continue
		}
		inv.asked = true
		inv.attempt.EndInput()
	}
	return next
}

// Settle waits until nothing runs: no handler, no step, no stub. The clock does not jump
// meanwhile. It suspends what waits. The error is that of ctx, or ErrClosed.
func (r *Runner) Settle(ctx context.Context) error {
	r.mu.Lock()
	if len(r.running) == 0 && !r.closed {
		r.mu.Unlock()
		return nil
	}
	settled := make(chan struct{})
	r.settlers = append(r.settlers, settled)
	r.wake()
	r.mu.Unlock()
	return r.wait(ctx, settled)
}

// Advance moves the clock by d, and does what is due on the way, each at its time: it
// waits before and after each jump until nothing runs. The error is that of ctx, or
// ErrClosed.
func (r *Runner) Advance(ctx context.Context, d time.Duration) error {
	target := r.Now().Add(d)
	for {
		if err := r.Settle(ctx); err != nil {
			return err
		}
		if r.jump(target) {
			return r.Settle(ctx)
		}
	}
}

// jump moves the clock to the next timer or, if there is none up to then, to the target,
// which it reports. If something runs again it does nothing.
func (r *Runner) jump(target time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.running) > 0 {
		return false
	}
	if next := r.timers.next(); next != nil && !next.at.After(target) {
		r.clock.moveTo(next.at)
		r.fire()
		return false
	}
	r.clock.moveTo(target)
	return true
}
