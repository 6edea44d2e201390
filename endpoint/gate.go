package endpoint

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

// retryAfter is what refused requests are told. The server honours whole seconds
// and counts such a refusal as no attempt.
const retryAfter = time.Second

// suspendAfter is how long attempts may go on as if nothing had happened once a
// stop began. Those that then still wait for something are suspended.
const suspendAfter = time.Second

// gate admits attempts, counts them, and lets them out when the endpoint stops.
type gate struct {
	max int

	mu       sync.Mutex
	closed   bool
	attempts map[*attempt]struct{}
	idle     chan struct{} // closed when the gate is closed and empty
	cut      context.Context
	cancel   context.CancelFunc
}

// attempt is one request that is let in.
type attempt struct {
	body    io.ReadCloser
	control *http.ResponseController
	gate    *gate
}

func (g *gate) init(limit int) {
	g.max = limit
	g.attempts = make(map[*attempt]struct{})
	g.idle = make(chan struct{})
	g.cut, g.cancel = context.WithCancel(context.Background())
}

func (g *gate) inFlight() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.attempts)
}

// enter admits a request, or returns nil.
func (g *gate) enter(w http.ResponseWriter, r *http.Request) *attempt {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || len(g.attempts) >= g.max {
		return nil
	}
	a := &attempt{body: r.Body, control: http.NewResponseController(w), gate: g}
	g.attempts[a] = struct{}{}
	return a
}

func (g *gate) leave(a *attempt) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.attempts, a)
	if g.closed && len(g.attempts) == 0 {
		close(g.idle)
	}
}

// close admits nothing more.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return
	}
	g.closed = true
	if len(g.attempts) == 0 {
		close(g.idle)
	}
}

// suspend ends the requests' bodies: an attempt that waits for something then
// suspends instead of holding its stream, and goes on elsewhere or later.
func (g *gate) suspend() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for a := range g.attempts {
		_ = a.control.SetReadDeadline(time.Now()) // not every server can
	}
}

func (g *gate) isClosed() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.closed
}

// drain waits until all attempts have left, suspending those that wait, and cuts
// what is left at the timeout or when ctx ends. It reports how many it cut.
func (g *gate) drain(ctx context.Context, timeout time.Duration) int {
	g.close()
	ctx, cancel := context.WithTimeout(ctx, max(timeout, 0))
	defer cancel()
	suspend := time.NewTimer(min(suspendAfter, timeout/2))
	defer suspend.Stop()
	for {
		select {
		case <-g.idle:
			return 0
		case <-suspend.C:
			g.suspend()
		case <-ctx.Done():
			left := g.inFlight()
			g.cancel()
			return left
		}
	}
}

// Read reads the request's body. A body that the gate ended is at its end, rather
// than late.
func (a *attempt) Read(p []byte) (int, error) {
	n, err := a.body.Read(p)
	if err != nil && errors.Is(err, os.ErrDeadlineExceeded) && a.gate.isClosed() {
		err = io.EOF
	}
	return n, err
}

func (a *attempt) Close() error { return a.body.Close() }

// refuse tells Restate to come back, here or elsewhere.
func refuse(w http.ResponseWriter, reason string) {
	w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
	http.Error(w, reason, http.StatusServiceUnavailable)
}
