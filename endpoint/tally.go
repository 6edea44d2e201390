package endpoint

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/fxrestate/go/event"
)

// tallyInterval is how often a tally writes a line at the most.
const tallyInterval = time.Second

// tally tells the log and observers what anybody can make happen any number of times: the
// first one at once, and then how many there were in each second. The zero tally discards.
type tally struct {
	log   *slog.Logger
	cause event.Cause

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
	event.Log(context.Background(), t.log, event.Refused{Cause: t.cause, Requests: t.count, Reason: t.last.Error()})
	t.count = 0
}

// refusals are the tallies of an endpoint.
type refusals struct{ unsigned, tooLarge, otherVersion, overloaded, stopping, held tally }

func (r *refusals) init(log *slog.Logger) {
	r.unsigned.log, r.unsigned.cause = log, event.Unsigned
	r.tooLarge.log, r.tooLarge.cause = log, event.TooLarge
	r.otherVersion.log, r.otherVersion.cause = log, event.OtherVersion
	r.overloaded.log, r.overloaded.cause = log, event.Overloaded
	r.stopping.log, r.stopping.cause = log, event.Stopping
	r.held.log, r.held.cause = log, event.Held
}

func (r *refusals) flush() {
	r.unsigned.flush()
	r.tooLarge.flush()
	r.otherVersion.flush()
	r.overloaded.flush()
	r.stopping.flush()
	r.held.flush()
}
