package fxrestate

import (
	"errors"
	"net/http"
	"sync"

	"github.com/fxrestate/go/endpoint"
)

// Health tells whether the application serves invocations. Inject it to mount its
// handlers, or to ask it.
type Health struct {
	endpoint *endpoint.Endpoint

	mu      sync.Mutex
	blocked error // why the application is not ready
}

// The reasons of [Health.Ready] besides a registration that is under way.
var (
	// ErrStarting says that the application has not started yet.
	ErrStarting = errors.New("fxrestate: starting")
	// ErrStopping says that the application stops.
	ErrStopping = errors.New("fxrestate: stopping")
)

func newHealth(e *endpoint.Endpoint) *Health { return &Health{endpoint: e, blocked: ErrStarting} }

// Ready returns nil while invocations are served: from the registration, or
// without one from the start, until the stop begins. Otherwise it says why not.
func (h *Health) Ready() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return errors.Join(h.endpoint.Err(), h.blocked)
}

// Live returns nil as long as the endpoint's listener does not fail, which only a
// new process mends.
func (h *Health) Live() error { return h.endpoint.Err() }

// ReadyHandler answers 200 while [Health.Ready] returns nil, else 503 and why.
func (h *Health) ReadyHandler() http.Handler { return probe(h.Ready) }

// LiveHandler answers 200 while [Health.Live] returns nil, else 503 and why.
func (h *Health) LiveHandler() http.Handler { return probe(h.Live) }

func probe(check func() error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := check(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok\n"))
	})
}

func (h *Health) set(blocked error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.blocked = blocked
}
