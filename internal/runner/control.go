package runner

import (
	"cmp"
	"fmt"
)

// Cancel asks an invocation to stop: what it waits for fails. One that was not started
// is over at once, and forgotten, as on a server. The error is [ErrUnknown] or
// [ErrEnded].
func (r *Runner) Cancel(invocationID string) error {
	return r.change(invocationID, func(inv *invocation) { r.cancel(inv) })
}

// Kill ends an invocation and those that it has called, without asking. The error is
// [ErrUnknown] or [ErrEnded].
func (r *Runner) Kill(invocationID string) error {
	return r.change(invocationID, func(inv *invocation) { r.kill(inv) })
}

// Pause lets an invocation make no more attempts until it is resumed. One under way goes
// on to where it waits next. One that is suspended because [Config.AlwaysReplay] says so is
// not paused, as on a server; any other may wait in an attempt of the server's, and is. The
// error is [ErrUnknown], [ErrEnded] or [ErrNotStarted].
func (r *Runner) Pause(invocationID string) error {
	return r.changeStarted(invocationID, func(inv *invocation) {
		switch inv.status {
		case Running:
			inv.pausing = true
			if inv.attempt != nil {
				inv.attempt.EndInput()
			}
		case BackingOff, Suspended:
			if inv.status == Suspended && r.cfg.AlwaysReplay {
				return
			}
			inv.backoff.cancel()
			inv.waiting = nil
			r.setStatus(inv, Paused)
		}
	})
}

// Resume makes the next attempt at once of an invocation that is paused, suspended or
// between two attempts. The error is [ErrUnknown], [ErrEnded] or [ErrNotStarted].
func (r *Runner) Resume(invocationID string) error {
	return r.changeStarted(invocationID, func(inv *invocation) {
		switch inv.status {
		case Paused, Suspended:
			r.resume(inv)
		case BackingOff:
			inv.backoff.cancel()
			r.launch(inv)
		}
	})
}

func (r *Runner) changeStarted(invocationID string, do func(*invocation)) error {
	var early error
	err := r.change(invocationID, func(inv *invocation) {
		if inv.inFlight() {
			do(inv)
		} else {
			early = fmt.Errorf("runner: %w: %s", ErrNotStarted, invocationID)
		}
	})
	return cmp.Or(err, early)
}

func (r *Runner) change(invocationID string, do func(*invocation)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	inv, err := r.get(invocationID)
	switch {
	case err != nil:
		return err
	case inv.status == Completed:
		return fmt.Errorf("runner: %w: %s", ErrEnded, invocationID)
	case r.closed:
		return ErrClosed
	}
	do(inv)
	r.poke()
	return nil
}

// Purge forgets an invocation that is over and, with the run of a workflow, its state and
// promises. One that is not over is left as it is. The error is [ErrUnknown].
func (r *Runner) Purge(invocationID string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	inv, err := r.get(invocationID)
	if err == nil && inv.status == Completed {
		r.purge(inv)
	}
	return err
}
