package tally

import "time"

// The pauses between reminders double, from the first to the longest.
const (
	firstPause = 5 * time.Second
	maxPause   = 5 * time.Minute
)

// Reminder spaces out lines that say the same. The zero value is ready.
type Reminder struct {
	last time.Time
	next time.Duration
}

// Due reports whether it is time for another line: at once, then after 5 seconds, and then
// after pauses that double to 5 minutes.
func (r *Reminder) Due() bool {
	now := time.Now()
	switch {
	case r.last.IsZero():
		r.next = firstPause
	case now.Sub(r.last) < r.next:
		return false
	default:
		r.next = min(2*r.next, maxPause)
	}
	r.last = now
	return true
}
