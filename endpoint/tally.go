package endpoint

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// tallyInterval is how often a tally writes a line at the most.
const tallyInterval = time.Second

// tally logs what anybody can make happen any number of times: the first one at
// once, and then how many there were in each second. The zero tally discards.
type tally struct {
	log     *slog.Logger
	level   slog.Level
	message string

	mu    sync.Mutex
	timer *time.Timer // nil while nothing happens
	count int         // since the last line
	last  error
}

// note counts one.
func (t *tally) note(err error) {
	if t.log == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count, t.last = t.count+1, err
	if t.timer == nil {
		t.write()
		t.timer = time.AfterFunc(tallyInterval, t.tick)
	}
}

func (t *tally) tick() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.count == 0 {
		t.timer = nil
		return
	}
	t.write()
	t.timer.Reset(tallyInterval)
}

// flush writes what was counted, and leaves no timer behind.
func (t *tally) flush() {
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

func (t *tally) write() {
	t.log.Log(context.Background(), t.level, t.message, "requests", t.count, "reason", t.last.Error())
	t.count = 0
}
