package tally

import (
	"sync"
	"time"
)

// interval is how often a tally writes a line at the most.
const interval = time.Second

// Tally counts what happens. Write is called for the first one at once, and then with how
// many there were in each second and the last of them, one call at a time. A Tally without
// Write discards; Write is set before the first Note.
type Tally struct {
	Write func(count int, last error)

	mu    sync.Mutex
	timer *time.Timer // nil while nothing happens
	count int         // since the last line
	last  error
}

// Note counts one.
func (t *Tally) Note(what error) {
	if t.Write == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count, t.last = t.count+1, what
	if t.timer == nil {
		t.write()
		t.timer = time.AfterFunc(interval, t.tick)
	}
}

func (t *Tally) tick() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.timer == nil { // flushed since
		return
	}
	if t.count == 0 {
		t.timer = nil
		return
	}
	t.write()
	t.timer.Reset(interval)
}

// Flush writes what was counted, and leaves no timer behind.
func (t *Tally) Flush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.timer != nil {
		t.timer.Stop()
		t.timer = nil
	}
	if t.count > 0 {
		t.write()
	}
}

func (t *Tally) write() {
	t.Write(t.count, t.last)
	t.count = 0
}
