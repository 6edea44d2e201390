package endpoint

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
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
}

// attempt is one request that is let in, and its body.
type attempt struct {
	body      io.ReadCloser
	control   *http.ResponseController
	cancel    context.CancelFunc
	suspended atomic.Bool
}

func (g *gate) init(limit int) {
	g.max = limit
	g.attempts = make(map[*attempt]struct{})
	g.idle = make(chan struct{})
}

func (g *gate) inFlight() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.attempts)
}

// enter admits an attempt, or says why not.
func (g *gate) enter(a *attempt) (refused string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.closed:
		return "stopping"
	case len(g.attempts) >= g.max:
		return "as many attempts as MaxInFlight allows are in flight"
	}
	g.attempts[a] = struct{}{}
	return ""
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
// suspends instead of holding its stream, and goes on elsewhere or later. One that
// computes goes on to the next place where it waits.
func (g *gate) suspend() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for a := range g.attempts {
		a.suspended.Store(true)
		_ = a.control.SetReadDeadline(time.Now()) // a foreign writer may be unable to
	}
}

// cut cancels the contexts of the attempts and returns how many there are.
func (g *gate) cut() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	for a := range g.attempts {
		a.cancel()
	}
	return len(g.attempts)
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
			return g.cut()
		}
	}
}

// gone cancels an attempt whose request ended before it did. Over HTTP/1.1 the
// deadline that suspends an attempt ends its request too.
func (a *attempt) gone() {
	if !a.suspended.Load() {
		a.cancel()
	}
}

// Read reads the request's body. A body that the gate ended is at its end, rather
// than late, and so is one that net/http closed with the first byte of a response
// in request-response mode over HTTP/1.1, of which the SDK would warn each time.
func (a *attempt) Read(p []byte) (int, error) {
	n, err := a.body.Read(p)
	switch {
	case err == nil:
	case errors.Is(err, http.ErrBodyReadAfterClose), a.suspended.Load() && errors.Is(err, os.ErrDeadlineExceeded):
		err = io.EOF
	}
	return n, err
}

func (a *attempt) Close() error { return a.body.Close() }

// refuse tells Restate to come back, here or elsewhere.
func refuse(w http.ResponseWriter, reason string) {
	w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
	http.Error(w, "endpoint: "+reason, http.StatusServiceUnavailable)
}
