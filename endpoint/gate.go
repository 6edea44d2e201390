package endpoint

import (
	"container/list"
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/fxrestate/go/event"
)

const (
	// retryAfter is what requests are told that a stopping endpoint refuses. The
	// server honours whole seconds and counts such a refusal as no attempt.
	retryAfter = time.Second
	// maxRetryAfter is the most that others are told, which are many at a time:
	// they do not all come back at once.
	maxRetryAfter = 4 * time.Second
	// holdTimeout is how long an attempt waits for a place. It is shorter than the
	// time without progress after which a server ends a request, a minute.
	holdTimeout = 5 * time.Second
	// roomInterval is how often waiting attempts are looked for while others wait
	// for their places.
	roomInterval = 10 * time.Millisecond
	// leaveTime is how long an attempt that was suspended is taken to be on its way
	// out. One that computes may take longer, and then others are suspended too.
	leaveTime = 100 * time.Millisecond
	// freeBytes is how much of an attempt's messages does not count: the memory
	// that each attempt takes has room for that.
	freeBytes = 16 << 10
)

var errStopping = &refusal{status: http.StatusServiceUnavailable, reason: "stopping", after: retryAfter, cause: event.Stopping}

func overloaded(reason string) *refusal {
	after := retryAfter + rand.N(maxRetryAfter-retryAfter+1)
	return &refusal{status: http.StatusServiceUnavailable, reason: reason, after: after.Round(time.Second), cause: event.Overloaded}
}

// gate is the admission gate: it bounds attempts and the bytes of their messages,
// and lets them out when the endpoint stops.
//
// An attempt that finds all places taken is held for some time, in the order of
// arrival. Attempts that only wait make room for it: they are suspended, and go on
// when what they wait for is there. So a handler that waits for another one of the
// same endpoint does not keep that one from running.
type gate struct {
	maxAttempts  int
	maxHeld      int
	maxBytes     int64
	maxMessage   uint32
	suspendAfter time.Duration
	complain     func(error)

	holdTimeout, arriveTimeout, admitTimeout time.Duration

	mu       sync.Mutex
	leaving  bool // a stop has begun, and attempts are still let in
	closed   bool
	closing  chan struct{} // closed when the gate is
	idle     chan struct{} // closed when the gate is closed and empty
	arriving map[*attempt]struct{}
	attempts map[*attempt]struct{}
	held     list.List // of *place
	bytes    int64     // of attempts, arriving ones included
	large    *attempt  // the one that may exceed maxBytes
	room     *time.Timer
}

// place is what a held attempt waits for.
type place struct {
	attempt *attempt
	taken   chan struct{} // closed when the attempt has it
	held    *list.Element // nil when it is taken
}

func (g *gate) init(cfg Config, complain func(error)) {
	g.maxAttempts = cfg.MaxInFlight
	g.maxHeld = min(max(10*cfg.MaxInFlight, 1000), maxMaxInFlight)
	g.maxBytes, g.maxMessage = cfg.MaxInFlightBytes, uint32(cfg.MaxMessageBytes)
	g.suspendAfter, g.complain = cfg.SuspendAfter, complain
	g.holdTimeout, g.arriveTimeout, g.admitTimeout = holdTimeout, arriveTimeout, admitWhileStopping
	g.arriving, g.attempts = make(map[*attempt]struct{}), make(map[*attempt]struct{})
	g.closing, g.idle = make(chan struct{}), make(chan struct{})
}

func (g *gate) inFlight() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.attempts)
}

// refuses reports whether nothing is let in any more.
func (g *gate) refuses() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.closed
}

// arrive lets the journal of an attempt arrive, unless too many wait already.
func (g *gate) arrive(a *attempt) *refusal {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.closed:
		return errStopping
	case len(g.arriving)+g.held.Len() >= g.maxHeld:
		return overloaded("as many requests as can wait for MaxInFlight do so")
	}
	g.arriving[a] = struct{}{}
	return nil
}

// reserve counts n bytes that arrived of a journal, if there is room for them. One
// attempt at a time may exceed the bound, by as much again: else a large one would
// never find room beside many small ones.
func (g *gate) reserve(a *attempt, n int) *refusal {
	if a.received.Load() <= freeBytes {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	a.bytes += int64(n)
	g.bytes += int64(n)
	if g.bytes <= g.maxBytes {
		return nil
	}
	if g.large == nil {
		g.large = a
	}
	switch {
	case a.bytes > 2*g.maxBytes:
		return &refusal{status: http.StatusRequestEntityTooLarge, reason: "the journal is larger than twice MaxInFlightBytes", cause: event.TooLarge}
	case g.large != a:
		return overloaded("as many bytes as MaxInFlightBytes allows are in flight")
	default:
		return nil
	}
}

// count counts n bytes of an attempt that was let in.
func (g *gate) count(a *attempt, n int) {
	if a.received.Add(int64(n)) <= freeBytes {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	a.bytes += int64(n)
	g.bytes += int64(n)
}

// enter waits for a place for an attempt whose journal has arrived. A refused
// attempt has left.
func (g *gate) enter(ctx context.Context, a *attempt) *refusal {
	p, refused := g.take(a)
	if p == nil {
		return refused
	}
	timeout := time.NewTimer(g.holdTimeout)
	defer timeout.Stop()
	refused = overloaded("as many attempts as MaxInFlight allows are in flight")
	select {
	case <-p.taken:
		return nil
	case <-g.closing:
		refused = errStopping
	case <-timeout.C:
	case <-ctx.Done():
	}
	return g.giveUp(p, refused)
}

// take takes a place, or returns one to wait for.
func (g *gate) take(a *attempt) (*place, *refusal) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.arriving, a)
	switch {
	case g.closed:
		g.forget(a)
		return nil, errStopping
	case len(g.attempts) < g.maxAttempts && g.held.Len() == 0:
		g.attempts[a] = struct{}{}
		a.begins()
		return nil, nil
	}
	p := &place{attempt: a, taken: make(chan struct{})}
	p.held = g.held.PushBack(p)
	if g.room == nil {
		g.room = time.AfterFunc(roomInterval, g.makeRoom)
	}
	return p, nil
}

// giveUp stops waiting for a place that was not taken meanwhile.
func (g *gate) giveUp(p *place, refused *refusal) *refusal {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p.held == nil {
		return nil
	}
	g.held.Remove(p.held)
	g.forget(p.attempt)
	return refused
}

// leave ends an attempt, one that arrives or one that was let in, and gives its
// place to the next.
func (g *gate) leave(a *attempt) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.arriving, a)
	delete(g.attempts, a)
	g.forget(a)
	for !g.closed && len(g.attempts) < g.maxAttempts && g.held.Len() > 0 {
		p := g.held.Remove(g.held.Front()).(*place)
		p.held = nil
		g.attempts[p.attempt] = struct{}{}
		p.attempt.begins()
		close(p.taken)
	}
}

// forget gives back what an attempt took, and notes whether it was the last.
func (g *gate) forget(a *attempt) {
	g.bytes -= a.bytes
	a.bytes = 0
	if g.large == a {
		g.large = nil
	}
	if g.leaving {
		g.closeIfIdle()
	}
	if g.closed && len(g.attempts) == 0 {
		select {
		case <-g.idle:
		default:
			close(g.idle)
		}
	}
}

// makeRoom suspends attempts that only wait, those that wait longest first, as
// long as others are held.
func (g *gate) makeRoom() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held.Len() == 0 || g.closed {
		g.room = nil
		return
	}
	type waiting struct {
		attempt *attempt
		since   time.Duration
	}
	var found []waiting
	now := time.Since(epoch)
	wanted, before := g.held.Len(), now-g.suspendAfter
	for a := range g.attempts {
		if a.suspended.Load() {
			if now-a.suspendedAt < leaveTime {
				wanted-- // it is on its way out
			}
		} else if since, idle := a.idleSince(); idle && since <= before {
			found = append(found, waiting{a, since})
		}
	}
	slices.SortFunc(found, func(a, b waiting) int { return int(a.since - b.since) })
	for _, w := range found[:max(min(wanted, len(found)), 0)] {
		w.attempt.suspend()
	}
	g.room.Reset(roomInterval)
}

// refuse answers a request that is not let in. Over HTTP/1.1 net/http would wait
// for the rest of its body.
func refuse(w http.ResponseWriter, r *http.Request, why *refusal) {
	if why.after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(why.after.Seconds())))
	}
	abandonBody(w, r)
	http.Error(w, why.Error(), why.status)
}

// abandonBody lets go of a body that nobody reads.
func abandonBody(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor < 2 && r.ContentLength != 0 {
		w.Header().Set("Connection", "close")
		_ = http.NewResponseController(w).SetReadDeadline(time.Now())
	}
}
