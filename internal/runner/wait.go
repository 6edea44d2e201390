package runner

import (
	"context"
)

// wait waits for a channel to be closed.
func (r *Runner) wait(ctx context.Context, closed <-chan struct{}) error {
	select {
	case <-closed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-r.done:
		return ErrClosed
	}
}

// changed tells those that wait for a condition that something has changed.
func (r *Runner) changed() {
	for w := range r.watchers {
		select {
		case w <- struct{}{}:
		default:
		}
	}
}

// Until waits until a condition holds, which it asks for whenever an invocation has
// changed. The condition may call the runner's methods that do not wait. While it waits
// the clock jumps, unless it is manual. The error is that of ctx, or ErrClosed.
func (r *Runner) Until(ctx context.Context, condition func() bool) error {
	changed := make(chan struct{}, 1)
	r.mu.Lock()
	r.watchers[changed] = struct{}{}
	r.waiters++
	r.poke()
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.watchers, changed)
		r.waiters--
	}()
	for !condition() {
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-r.done:
			return ErrClosed
		}
	}
	return nil
}

// Idle waits until nothing runs and no timer is left: the clock jumps from one to the
// next, unless it is manual or there is no application. The error is that of ctx, or
// ErrClosed.
func (r *Runner) Idle(ctx context.Context) error {
	for {
		if err := r.Settle(ctx); err != nil {
			return err
		}
		if r.idle() {
			return nil
		}
	}
}

// idle jumps to the next timer, and reports whether there was none.
func (r *Runner) idle() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.running) > 0 {
		return false
	}
	next := r.timers.next()
	if next == nil || r.clock.manual || r.handler == nil {
		return true
	}
	r.clock.moveTo(next.at)
	r.fire()
	return false
}
