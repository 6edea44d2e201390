package httpserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/fxrestate/go/internal/tally"
)

const (
	// readHeaderTimeout bounds how long a connection may take for a request's head.
	readHeaderTimeout = 5 * time.Second
	// idleTimeout is how long a connection stays open without requests.
	idleTimeout = 2 * time.Minute
	// shutdownTimeout bounds how long a stop waits for what was written last to leave.
	shutdownTimeout = 500 * time.Millisecond
)

// Probes answer the paths of [Config]. Each may be nil. Ready is asked while the routes
// are open; before and after, the server itself answers 503. Without Ready the application
// is ready as long as they are, and without Live it is alive while the server answers.
type Probes struct{ Ready, Live http.Handler }

// Server serves an application's own HTTP API. Its life is Start, Open, Drain, Stop; it
// is not started again.
type Server struct {
	cfg    Config
	probes Probes
	log    *slog.Logger
	done   chan struct{}

	serverLog *tally.ServerLog

	mu       sync.Mutex
	addr     net.Addr
	server   *http.Server
	secure   bool
	failure  error
	routes   http.Handler // nil: not open yet
	draining bool
	requests map[*request]struct{}
	idle     chan struct{} // closed when a drain finds no requests
}

// New returns a server. A nil log discards its lines. The error is that of
// [Config.Validate].
func New(cfg Config, probes Probes, log *slog.Logger) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		cfg: cfg.WithDefaults(), probes: probes, log: log, serverLog: tally.NewServerLog(log), done: make(chan struct{}),
		requests: map[*request]struct{}{}, idle: make(chan struct{}),
	}
	if s.probes.Ready == nil {
		s.probes.Ready = http.HandlerFunc(ok)
	}
	if s.probes.Live == nil {
		s.probes.Live = http.HandlerFunc(ok)
	}
	return s, nil
}

// Start listens and serves the probes. A taken address is an error.
func (s *Server) Start(ctx context.Context) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", s.cfg.Addr)
	if err != nil {
		return fmt.Errorf("httpserver: listen on %s: %w; choose another Addr, or port 0 for a free one", s.cfg.Addr, err)
	}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	srv := &http.Server{
		Handler:           http.HandlerFunc(s.serve),
		Protocols:         &protocols,
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		ErrorLog:          s.serverLog.Logger(),
	}
	if s.cfg.Configure != nil {
		s.cfg.Configure(srv)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server != nil {
		return errors.Join(errors.New("httpserver: it was started before; make a new one"), l.Close())
	}
	s.addr, s.server, s.secure = l.Addr(), srv, srv.TLSConfig != nil // before Serve, which sets one without TLS too
	go s.run(srv, l, s.secure)
	return nil
}

// run serves until the server is stopped or the listener fails.
func (s *Server) run(srv *http.Server, l net.Listener, secure bool) {
	defer close(s.done)
	var err error
	if secure {
		err = srv.ServeTLS(l, "", "")
	} else {
		err = srv.Serve(l)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return
	}
	s.log.Error("the HTTP server does not serve any more", "error", err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure = fmt.Errorf("httpserver: it does not serve any more: %w", err)
}

// Open serves the routes from now on.
func (s *Server) Open(routes http.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.routes = routes
}

// Done is closed when the server serves no more: after Stop, or when its listener has
// failed, which [Server.Err] then tells.
func (s *Server) Done() <-chan struct{} { return s.done }

// Err returns why the server ended without Stop, or nil.
func (s *Server) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failure
}

// Addr returns the address that the server listens on, or nil before Start.
func (s *Server) Addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

// URL returns the base URL of the server on this machine, without a slash at its end,
// or "" before Start.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	tcp, ok := s.addr.(*net.TCPAddr)
	if !ok {
		return ""
	}
	scheme, host := "http", tcp.IP.String()
	if s.secure {
		scheme = "https"
	}
	if tcp.IP.IsUnspecified() {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, fmt.Sprint(tcp.Port))
}

// Stop drains the server, if that was not done, and closes its listener and its
// connections. It returns before ctx ends.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	srv, drained := s.server, s.draining
	s.mu.Unlock()
	if !drained {
		s.Drain(ctx)
	}
	if srv == nil {
		return nil
	}
	// The last response may still be in a buffer. Connections on which nothing came
	// yet, and handlers that do not return, would keep Shutdown waiting.
	ctx, cancel := context.WithTimeout(ctx, shutdownTimeout)
	defer cancel()
	err := srv.Shutdown(ctx)
	if err != nil {
		err = srv.Close()
	}
	<-s.done
	s.serverLog.Flush()
	if err != nil {
		return fmt.Errorf("httpserver: stop: %w", err)
	}
	return nil
}
