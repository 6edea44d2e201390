package endpoint

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"
)

// readHeaderTimeout bounds how long a connection may take for a request's head.
const readHeaderTimeout = 5 * time.Second

// ServeHTTP takes discovery, invocations and GET /health. Paths that are none of
// these get a 404 before the SDK sees them.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.RequestURI == "/health":
		e.handler.ServeHTTP(w, r)
	case len(e.cfg.IdentityKeys) > 0 && r.Header.Get("X-Restate-Signature-Scheme") != "v1":
		// Who does not sign does not learn which handlers there are.
		http.Error(w, "endpoint: the request is not signed", http.StatusUnauthorized)
	case !e.known[r.RequestURI]:
		http.Error(w, "endpoint: no such service or handler", http.StatusNotFound)
	case strings.HasPrefix(r.RequestURI, "/invoke/"):
		e.invoke(w, r)
	default:
		e.handler.ServeHTTP(w, r)
	}
}

func (e *Endpoint) invoke(w http.ResponseWriter, r *http.Request) {
	a := e.gate.enter(w, r)
	if a == nil {
		if e.gate.isClosed() {
			refuse(w, "endpoint: stopping")
		} else {
			refuse(w, "endpoint: MaxInFlight attempts are in flight")
		}
		return
	}
	defer e.gate.leave(a)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(e.gate.cut, cancel)()
	r = r.WithContext(ctx)
	r.Body = a
	e.handler.ServeHTTP(w, r)
}

// Under returns the endpoint for a place below prefix in a mux or a chi router,
// for instance
//
//	r.Mount("/restate", endpoint.Under("/restate"))
//	mux.Handle("/restate/", endpoint.Under("/restate"))
//
// The SDK routes, and checks signatures, on the path without the prefix, which
// http.StripPrefix and chi leave in place.
func (e *Endpoint) Under(prefix string) http.Handler {
	prefix = "/" + strings.Trim(prefix, "/")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		uri, ok := strings.CutPrefix(r.RequestURI, prefix)
		if !ok || !strings.HasPrefix(uri, "/") {
			http.NotFound(w, r)
			return
		}
		r = r.Clone(r.Context())
		r.RequestURI = uri
		e.ServeHTTP(w, r)
	})
}

func (e *Endpoint) listen(ctx context.Context) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", e.cfg.Addr)
	if err != nil {
		return fmt.Errorf("endpoint: listen on %s: %w; choose another Addr, or port 0 for a free one", e.cfg.Addr, err)
	}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	srv := &http.Server{
		Handler:           e,
		Protocols:         &protocols,
		ReadHeaderTimeout: readHeaderTimeout,
		TLSConfig:         e.cfg.TLS.Clone(),
		ErrorLog:          slog.NewLogLogger(e.log.Handler(), slog.LevelWarn),
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: e.cfg.MaxInFlight + maxMaxInFlight},
	}
	if e.cfg.Configure != nil {
		e.cfg.Configure(srv)
	}
	served := make(chan error, 1)
	e.mu.Lock()
	e.addr, e.server, e.served = l.Addr(), srv, served
	e.mu.Unlock()
	go func() {
		if srv.TLSConfig != nil {
			served <- srv.ServeTLS(l, "", "")
		} else {
			served <- srv.Serve(l)
		}
	}()
	return nil
}

// Drain is the first phase of a stop: new invocations are answered 503 with
// Retry-After, attempts in flight end, or are suspended after a second where they
// wait, and what is left at the drain timeout or when ctx ends is cut. It reports
// how many attempts it cut.
func (e *Endpoint) Drain(ctx context.Context) int {
	return e.gate.drain(ctx, e.cfg.DrainTimeout)
}

// Stop drains the endpoint and closes its listener and connections. It returns
// when nothing of the endpoint runs any more, or with an error when ctx ends
// before that. It may be called more than once.
func (e *Endpoint) Stop(ctx context.Context) error {
	if cut := e.Drain(ctx); cut > 0 {
		e.log.WarnContext(ctx, "cut attempts that did not end in time; Restate retries them",
			"attempts", cut, "drain_timeout", e.cfg.DrainTimeout)
	}
	e.mu.Lock()
	srv, served := e.server, e.served
	e.server = nil
	e.mu.Unlock()
	if srv != nil {
		// Idle connections of the server stay open for good, so Shutdown, which
		// waits for them, would only time out.
		err := srv.Close()
		if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
			err = errors.Join(err, serveErr)
		}
		if err != nil {
			return fmt.Errorf("endpoint: stop: %w", err)
		}
	}
	select {
	case <-e.gate.idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("endpoint: stop: %d attempts do not return; their handlers ignore the end of their context: %w", e.InFlight(), ctx.Err())
	}
}
