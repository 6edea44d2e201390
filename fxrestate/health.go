package fxrestate

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/httpserver"
)

// Health reports whether the application serves invocations. [HTTPServer] has probes that
// ask it. Inject it to mount its HTTP handlers elsewhere, or to call its methods.
type Health struct {
	endpoint *endpoint.Endpoint
	stuck    *stuck

	mu      sync.Mutex
	blocked error // why the application is not ready
}

// Errors of [Health.Ready], beside those of a registration in progress.
var (
	// ErrStarting says that the application has not started yet.
	ErrStarting = errors.New("fxrestate: starting")
	// ErrStopping says that the application is stopping.
	ErrStopping = errors.New("fxrestate: stopping")
)

// newHealth is constructed before the lifecycle, so that the telemetry is told of readiness
// until the drain has ended.
func newHealth(lc fx.Lifecycle, p *plan, e *endpoint.Endpoint, client *admin.Client) (*Health, error) {
	h := &Health{endpoint: e, stuck: newStuck(client, e.Services()), blocked: ErrStarting}
	stop, err := p.telemetry.ObserveReady(h.Ready)
	if err != nil {
		return nil, err
	}
	lc.Append(fx.StopHook(stop))
	return h, nil
}

// Ready returns nil while the application serves invocations: from the registration,
// or without one from the start, until the stop begins. Otherwise it returns the reason.
func (h *Health) Ready() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return errors.Join(h.endpoint.Err(), h.blocked)
}

// Live returns nil until the endpoint's listener fails. Only a new process recovers from
// that.
func (h *Health) Live() error { return h.endpoint.Err() }

// Stuck returns invocations of the application's services that do not proceed by
// themselves: those that are paused, and those that back off after at least five attempts
// or for more than a minute. They are at most 20, those first that have not changed for
// longest. It asks the admin API at most once in ten seconds, and returns the same answer
// in between, an error of the client included. An application that was registered logs
// them once, and [Health.ReportHandler] shows them.
func (h *Health) Stuck(ctx context.Context) ([]admin.Invocation, error) { return h.stuck.look(ctx) }

// ReadyHandler responds with 200 while [Health.Ready] returns nil, otherwise with 503 and
// the error. The error names addresses, such as that of the admin API: mount it on a
// private port.
func (h *Health) ReadyHandler() http.Handler { return probe(h.Ready) }

// LiveHandler responds with 200 while [Health.Live] returns nil, otherwise with 503 and
// the error, which names addresses as that of [Health.ReadyHandler] does.
func (h *Health) LiveHandler() http.Handler { return probe(h.Live) }

// probes are those of a port that may be public: their texts are fixed. The log has the
// reasons.
func (h *Health) probes() httpserver.Probes {
	return httpserver.Probes{
		Ready: probe(func() error {
			h.mu.Lock()
			defer h.mu.Unlock()
			switch {
			case errors.Is(h.blocked, ErrStopping):
				return errors.New("stopping")
			case h.endpoint.Err() != nil:
				return errNotReady
			case errors.Is(h.blocked, ErrStarting):
				return errors.New("starting")
			case h.blocked != nil:
				return errors.New("not registered")
			default:
				return nil
			}
		}),
		Live: probe(func() error {
			if h.Live() != nil {
				return errNotReady
			}
			return nil
		}),
	}
}

// errNotReady stands for the endpoint's error.
var errNotReady = errors.New("not ready")

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

// set says why the application is not ready, or nil. A stop is final: a registration
// that still is under way does not make it ready again.
func (h *Health) set(blocked error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !errors.Is(h.blocked, ErrStopping) {
		h.blocked = blocked
	}
}
