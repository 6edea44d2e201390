package httpserver

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
)

// request is a request to the routes. The server guards its fields.
type request struct {
	server *Server
	cancel context.CancelFunc
	stream bool
}

// serve answers the probes, and everything else by the routes while they are open.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case s.cfg.ReadyPath:
		s.ready(w, r)
		return
	case s.cfg.LivePath:
		s.probes.Live.ServeHTTP(w, r)
		return
	}
	s.mu.Lock()
	routes := s.routes
	s.mu.Unlock()
	if routes == nil {
		unavailable(w, "the application is starting")
		return
	}
	if s.cfg.Outlast != nil && s.cfg.Outlast(r) {
		routes.ServeHTTP(w, r)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	req := &request{server: s, cancel: cancel}
	if !s.enter(req) {
		w.Header().Set("Connection", "close")
		unavailable(w, "the application is stopping")
		return
	}
	defer s.leave(req)
	routes.ServeHTTP(&writer{w, req}, r.WithContext(ctx))
}

func (s *Server) enter(req *request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return false
	}
	s.requests[req] = struct{}{}
	return true
}

func (s *Server) leave(req *request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.requests, req)
	if s.draining && len(s.requests) == 0 {
		close(s.idle)
	}
}

// streams notes that the response of a request is a stream.
func (req *request) streams() {
	s := req.server
	s.mu.Lock()
	defer s.mu.Unlock()
	req.stream = true
	if s.draining {
		req.cancel()
	}
}

func unavailable(w http.ResponseWriter, reason string) {
	w.Header().Set("Retry-After", "1")
	http.Error(w, reason, http.StatusServiceUnavailable)
}

// ready asks the probe only while the routes would take a request.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	opened, draining := s.routes != nil, s.draining
	s.mu.Unlock()
	switch {
	case draining:
		http.Error(w, "stopping", http.StatusServiceUnavailable)
	case !opened:
		http.Error(w, "starting", http.StatusServiceUnavailable)
	default:
		s.probes.Ready.ServeHTTP(w, r)
	}
}

// ok is the answer of a probe that holds.
func ok(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, "ok\n")
}

// writer notices what makes a response a stream. Everything else is passed on.
type writer struct {
	http.ResponseWriter
	request *request
}

// Unwrap is for http.ResponseController.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *writer) Flush() { _ = w.FlushError() }

// FlushError is for http.ResponseController.
func (w *writer) FlushError() error {
	w.request.streams()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Hijack is for websockets, which ask for it by a type assertion.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.request.streams()
	}
	return conn, rw, err
}

// ReadFrom lets files be sent without a copy.
func (w *writer) ReadFrom(r io.Reader) (int64, error) { return io.Copy(w.ResponseWriter, r) }
