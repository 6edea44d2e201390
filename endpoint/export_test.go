package endpoint

import "time"

// Refuses reports whether the endpoint turns invocations away because it stops.
func Refuses(e *Endpoint) bool { return e.gate.refuses() }

// Hurry makes the endpoint wait less for places and for journals. It is for tests,
// before the start.
func Hurry(e *Endpoint, hold, arrive time.Duration) {
	e.gate.holdTimeout, e.gate.arriveTimeout = hold, arrive
}

// AdmitWhileStopping makes a stop let attempts in for another time than a second.
func AdmitWhileStopping(e *Endpoint, admit time.Duration) { e.gate.admitTimeout = admit }

// Held returns how many attempts wait for their places.
func Held(e *Endpoint) int {
	e.gate.mu.Lock()
	defer e.gate.mu.Unlock()
	return e.gate.held.Len()
}

// Arriving returns how many journals are arriving.
func Arriving(e *Endpoint) int {
	e.gate.mu.Lock()
	defer e.gate.mu.Unlock()
	return len(e.gate.arriving)
}

// Bytes returns how many bytes are in flight.
func Bytes(e *Endpoint) int64 {
	e.gate.mu.Lock()
	defer e.gate.mu.Unlock()
	return e.gate.bytes
}
