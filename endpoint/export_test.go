package endpoint

// AmendErrors is for the fuzz test.
var AmendErrors = amendErrors

// Refuses reports whether the endpoint turns invocations away because it stops.
func Refuses(e *Endpoint) bool {
	e.gate.mu.Lock()
	defer e.gate.mu.Unlock()
	return e.gate.closed
}
