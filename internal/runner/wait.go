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

// watcher waits for a condition. The clock does not jump until it has looked at what has
// changed last: it may have seen enough.
type watcher struct {
	changed chan struct{} // holds one
	seen    uint64        // the number of changes that the condition was asked after
}

// changed tells those that wait for a condition that something has changed.
func (r *Runner) changed() {
	r.changes++
	for w := range r.watchers {
		select {
		case w.changed <- struct{}{}:
		default:
		}
	}
}

// Until waits until a condition holds, which it asks for whenever an invocation or a
// state has changed. The condition may call the runner's methods that do not wait.
// While it waits the clock jumps, unless it is manual. The error is that of ctx, or
// ErrClosed.
func (r *Runner) Until(ctx context.Context, condition func() bool) error {
	w := &watcher{changed: make(chan struct{}, 1)}
	w.changed <- struct{}{}
	r.mu.Lock()
	r.watchers[w] = struct{}{}
	r.waiters++
	r.changes++ // which the watcher has not seen
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.watchers, w)
		r.waiters--
	}()
	for {
		select {
		case <-w.changed:
			if r.look(w, condition) {
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		case <-r.done:
			return ErrClosed
		}
	}
}

// look asks a watcher's condition.
func (r *Runner) look(w *watcher, condition func() bool) bool {
	r.mu.Lock()
	changes := r.changes
	r.mu.Unlock()
	if condition() {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	w.seen = changes
	r.poke()
	return false
}

// looked reports whether all who wait for conditions have asked them after the last
// change.
func (r *Runner) looked() bool {
	for w := range r.watchers {
		if w.seen != r.changes {
			return false
		}
	}
	return true
}

// waiter waits for the result of an invocation.
type waiter struct {
	result chan outcome // holds one
	over   bool         // it has the result, or has given up
}

// waiter returns one. The result goes to its sink.
func (r *Runner) waiter() (*waiter, sink) {
	w := &waiter{result: make(chan outcome, 1)}
	r.waiters++
	return w, func(o outcome) {
		if !w.over {
			w.over = true
			r.waiters-- // before it runs again, so that the clock does not jump meanwhile
			w.result <- o
		}
	}
}

// receive waits for the result.
func (r *Runner) receive(ctx context.Context, w *waiter) (o outcome, err error) {
	select {
	case o = <-w.result:
		return o, nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-r.done:
		err = ErrClosed
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !w.over {
		w.over = true
		r.waiters--
	}
	return o, err
}

// Idle waits until nothing runs and no timer is left: the clock jumps from one to the
// next, unless it is manual or there is no application. With a handler that sends to itself
// again and again there is always another one. The error is that of ctx, or ErrClosed.
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
