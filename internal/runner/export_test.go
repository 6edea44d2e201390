package runner

// Waiting returns how many wait for invocations.
func (r *Runner) Waiting() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.waiters
}
