package endpoint

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/fxrestate/go/internal/gather"
	"github.com/fxrestate/go/internal/gather/stack"
)

const (
	healthURI      = "/health"
	discoverURI    = "/discover"
	invokeURI      = "/invoke/"
	invocationType = "application/vnd.restate.invocation."
)

// readHeaderTimeout bounds how long a connection may take for a request's head.
const readHeaderTimeout = 5 * time.Second

// shutdownTimeout bounds how long a stop waits for what was written last to leave.
const shutdownTimeout = 500 * time.Millisecond

// ServeHTTP takes discovery, invocations and GET /health. What is none of these
// gets a 404, 405 or 415 before the SDK sees it, and with IdentityKeys a 401 unless
// it is signed. In mode Lambda it takes nothing.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.RequestURI == healthURI {
		e.handler.ServeHTTP(w, r)
		return
	}
	status, reason := e.misfit(r)
	if !e.identity.claimed(r.Header) || status != 0 && !e.identity.proven(r.RequestURI, r.Header) {
		// Who does not sign does not learn which handlers there are.
		status, reason = http.StatusUnauthorized, "the request is not signed with one of IdentityKeys"
	}
	switch {
	case status != 0:
		http.Error(w, "endpoint: "+reason, status)
	case r.RequestURI == discoverURI:
		e.handler.ServeHTTP(w, r)
	default:
		e.invoke(w, r)
	}
}

// misfit says why a request is neither discovery nor an invocation, or 0.
func (e *Endpoint) misfit(r *http.Request) (status int, reason string) {
	switch method := r.Method; {
	case !e.known[r.RequestURI]:
		return http.StatusNotFound, "no such service or handler"
	case r.RequestURI == discoverURI:
		if method != http.MethodGet {
			return http.StatusMethodNotAllowed, "discovery is a GET"
		}
	case method != http.MethodPost:
		return http.StatusMethodNotAllowed, "an invocation is a POST"
	case !strings.HasPrefix(r.Header.Get("Content-Type"), invocationType):
		return http.StatusUnsupportedMediaType, "an invocation has a content type " + invocationType + "…"
	}
	return 0, ""
}

func (e *Endpoint) invoke(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	a := &attempt{body: r.Body, control: http.NewResponseController(w), cancel: cancel}
	if reason := e.gate.enter(a); reason != "" {
		refuse(w, reason)
		return
	}
	defer e.gate.leave(a)
	defer context.AfterFunc(r.Context(), a.gone)()
	h := &hint{abort: cancel}
	r = r.WithContext(context.WithValue(ctx, hintKey{}, h))
	r.Body = a
	stack.Reserve()
	e.handler.ServeHTTP(newHintWriter(w, h), r)
}

// Under returns the endpoint for a place below prefix in a mux or a chi router:
//
//	r.Mount("/restate", e.Under("/restate"))
//	mux.Handle("/restate/", e.Under("/restate"))
//
// The prefix is the whole path of the URL that is registered, that of routers
// around included. The SDK routes, and checks signatures, on the path without the
// prefix, which http.StripPrefix and chi leave in place.
func (e *Endpoint) Under(prefix string) http.Handler {
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		prefix = "/" + prefix
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		uri, ok := strings.CutPrefix(r.RequestURI, prefix)
		if !ok || !strings.HasPrefix(uri, "/") {
			http.NotFound(w, r)
			return
		}
		r = r.WithContext(r.Context())
		r.RequestURI = uri
		e.ServeHTTP(w, r)
	})
}

func (e *Endpoint) listen(ctx context.Context) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", e.cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("endpoint: listen on %s: %w; choose another Addr, or port 0 for a free one", e.cfg.Addr, err)
	}
	return gather.NewListener(l), nil
}

func (e *Endpoint) serve(l net.Listener) {
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
		// Beyond MaxInFlight there is room for invocations that get a 503.
		HTTP2: &http.HTTP2Config{MaxConcurrentStreams: min(e.cfg.MaxInFlight, math.MaxInt32-maxMaxInFlight) + maxMaxInFlight},
	}
	if e.cfg.Configure != nil {
		e.cfg.Configure(srv)
	}
	served := make(chan error, 1)
	e.mu.Lock()
	e.addr, e.server, e.served = l.Addr(), srv, served
	e.mu.Unlock()
	go func() {
		var err error
		if srv.TLSConfig != nil {
			err = srv.ServeTLS(l, "", "")
		} else {
			err = srv.Serve(l)
		}
		e.mu.Lock()
		if e.server == srv { // nobody stopped it
			e.log.Error("the endpoint does not serve any more", "error", err)
			e.failure = fmt.Errorf("endpoint: it does not serve any more: %w", err)
		}
		e.mu.Unlock()
		served <- err
	}()
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
// before that. Of the time that ctx leaves, draining gets nine tenths. Stop may be
// called more than once.
func (e *Endpoint) Stop(ctx context.Context) error {
	cut := e.drainBefore(ctx)
	if cut > 0 {
		e.log.WarnContext(ctx, "cut attempts that did not end in time; Restate retries them",
			"attempts", cut, "drain_timeout", e.cfg.DrainTimeout)
	}
	if err := e.close(ctx); err != nil {
		return fmt.Errorf("endpoint: stop: %w", err)
	}
	select {
	case <-e.gate.idle:
	case <-ctx.Done():
		if n := e.InFlight(); n > 0 {
			return fmt.Errorf("endpoint: stop: %d attempts do not return; their handlers ignore the end of their context: %w", n, ctx.Err())
		}
	}
	return nil
}

// drainBefore drains in the time of ctx, less what it takes to close.
func (e *Endpoint) drainBefore(ctx context.Context) int {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-time.Until(deadline)/10))
		defer cancel()
	}
	return e.Drain(ctx)
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
