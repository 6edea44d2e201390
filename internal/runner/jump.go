package runner

// Jump moves the clock to the next timer and does what is due then, if nothing runs, and
// reports whether it did. A manual clock does not jump, and neither does one without an
// application: attempts would be used up.
func (r *Runner) Jump() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := r.timers.next()
	if next == nil || len(r.running) > 0 || r.clock.manual || r.handler == nil {
		return false
	}
	r.clock.moveTo(next.at)
	r.fire()
	return true
}
