package endpoint

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/fxrestate/go/event"
)

const (
	// admitWhileStopping bounds how long a stop lets attempts in. It is over at the
	// first moment without any: what comes then is served by whoever comes next, and
	// what comes before need not wait for that.
	admitWhileStopping = time.Second
	// drainInterval is how often a drain looks for attempts that wait.
	drainInterval = 10 * time.Millisecond
	// shutdownTimeout bounds how long a stop waits for what was written last to leave.
	shutdownTimeout = 500 * time.Millisecond
	// cutGrace is how long attempts that were cut may take before they are named.
	cutGrace = time.Second
)

// Drain is the first phase of a stop. Attempts in flight end, or are suspended
// where they have waited for SuspendAfter. New ones are let in until there are none
// for a moment, for a second at the most, and are then answered 503 with
// Retry-After. What is left at the drain timeout or when ctx ends is cut. Drain
// reports how many attempts it cut.
func (e *Endpoint) Drain(ctx context.Context) int {
	cut, _ := e.gate.drain(ctx, e.cfg.DrainTimeout)
	return cut
}

// drain waits until all attempts have left, suspending those that wait, and cuts
// what is left at the timeout or when ctx ends. It reports how many it cut, and of which
// handlers.
func (g *gate) drain(ctx context.Context, timeout time.Duration) (cut int, handlers string) {
	timeout = max(timeout, 0)
	g.depart()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	admit := time.NewTimer(min(g.admitTimeout, timeout/2))
	defer admit.Stop()
	look := time.NewTicker(drainInterval)
	defer look.Stop()
	for {
		select {
		case <-g.idle:
			return 0, ""
		case <-look.C:
			g.suspendWaiting()
		case <-admit.C:
			g.close()
		case <-ctx.Done():
			g.close()
			return g.cut()
		}
	}
}

// depart begins a stop: the gate closes at the first moment without attempts.
func (g *gate) depart() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.leaving = true
		g.closeIfIdle()
	}
}

func (g *gate) closeIfIdle() {
	if len(g.attempts)+len(g.arriving)+g.held.Len() == 0 {
		g.shut()
	}
}

// close lets nothing more in.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut()
}

func (g *gate) shut() {
	if g.closed {
		return
	}
	g.leaving, g.closed = false, true
	close(g.closing)
	for a := range g.arriving {
		a.interrupt()
	}
	if len(g.attempts) == 0 {
		close(g.idle)
	}
}

// suspendWaiting suspends attempts that have waited for some time, and when the
// gate is closed all whose handlers run. The journal of the others still arrives,
// and an attempt that it was cut off from would fail.
func (g *gate) suspendWaiting() {
	g.mu.Lock()
	defer g.mu.Unlock()
	before := time.Since(epoch) - g.suspendAfter
	for a := range g.attempts {
		since, idle := a.idleSince()
		if idle && since <= before || g.closed && a.Running() != nil && !a.suspended.Load() {
			a.suspend()
		}
	}
}

// cut cancels the contexts of the attempts and returns how many there are.
func (g *gate) cut() (attempts int, handlers string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for a := range g.attempts {
		a.Abort()
	}
	return len(g.attempts), g.names()
}

// left returns how many attempts are in flight, and of which handlers.
func (g *gate) left() (attempts int, handlers string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.attempts), g.names()
}

// names lists the handlers of the attempts in flight, with how many each has, if
// more than one. The caller has the lock.
func (g *gate) names() string {
	count := map[string]int{}
	for a := range g.attempts {
		count[a.target]++
	}
	const most = 20
	var names []string
	for _, target := range slices.Sorted(maps.Keys(count)) {
		if len(names) == most {
			return strings.Join(names, ", ") + fmt.Sprintf(" and %d more", len(count)-most)
		}
		if n := count[target]; n > 1 {
			target = fmt.Sprintf("%s (%d)", target, n)
		}
		names = append(names, target)
	}
	return strings.Join(names, ", ")
}

// Stop drains the endpoint and closes its listener and connections. It returns
// when nothing of the endpoint runs any more, or shortly before ctx ends with an
// error that names the handlers that do not return. Of the time that ctx leaves,
// draining gets nine tenths. Stop may be called more than once.
func (e *Endpoint) Stop(ctx context.Context) error {
	cut, handlers := e.drainBefore(ctx)
	if first := !e.drained.Swap(true); first || cut > 0 {
		event.Log(ctx, e.log, event.Drained{Cut: cut, Handlers: handlers, Timeout: e.cfg.DrainTimeout})
	}
	err := e.close(ctx)
	e.refused.flush()
	e.serverLog.Flush()
	if err != nil {
		return fmt.Errorf("endpoint: stop: %w", err)
	}
	return e.waitIdle(ctx)
}

// drainBefore drains in the time of ctx, less what it takes to close.
func (e *Endpoint) drainBefore(ctx context.Context) (cut int, handlers string) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-time.Until(deadline)/10))
		defer cancel()
	}
	return e.gate.drain(ctx, e.cfg.DrainTimeout)
}

// waitIdle waits for attempts that were cut. It names those that do not return in
// the log, and returns before the deadline of ctx: whoever waits for this stop
// until then would not get to see the reason.
func (e *Endpoint) waitIdle(ctx context.Context) error {
	select {
	case <-e.gate.idle:
		return nil
	default:
	}
	grace := cutGrace
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-min(left/10, 100*time.Millisecond)))
		defer cancel()
		grace = min(grace, left/2)
	}
	named := time.NewTimer(grace)
	defer named.Stop()
	for {
		select {
		case <-e.gate.idle:
			return nil
		case <-named.C:
			attempts, handlers := e.gate.left()
			if attempts == 0 {
				return nil
			}
			e.log.ErrorContext(ctx, "handlers do not return; they must end when their context does",
				"attempts", attempts, "handlers", handlers)
		case <-ctx.Done():
			attempts, handlers := e.gate.left()
			if attempts == 0 {
				return nil
			}
			return fmt.Errorf("endpoint: stop: %d attempts do not return; their handlers ignore the end of their context: %s: %w", attempts, handlers, ctx.Err())
		}
	}
}

// close closes the listener and the connections.
func (e *Endpoint) close(ctx context.Context) error {
	e.mu.Lock()
	srv, served := e.server, e.served
	e.server = nil
	e.mu.Unlock()
	if srv == nil {
		return nil
	}
	// The last attempt may be over while its last bytes are still in a buffer.
	// Shutdown waits for them; it also waits for attempts that were cut and do not
	// return, and for connections on which nothing came yet.
	ctx, cancel := context.WithTimeout(ctx, shutdownTimeout)
	defer cancel()
	err := srv.Shutdown(ctx)
	if err != nil {
		err = srv.Close()
	}
	if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
		err = errors.Join(err, serveErr)
	}
	return err
}
