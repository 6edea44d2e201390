package endpoint

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"
)

// Endpoint serves handlers to Restate. It is an http.Handler, safe for concurrent
// use. Its life is Start, then Stop.
type Endpoint struct {
	cfg      Config
	log      *slog.Logger
	sdk      *server.Restate
	handler  http.Handler
	known    map[string]bool // request URIs of discovery and of all handlers
	services []string
	gate     gate

	mu     sync.Mutex
	addr   net.Addr
	server *http.Server
	served chan error
}

// New makes an endpoint of definitions, which [Definition] and [Foreign] make.
// Log takes the SDK's lines and those of handlers; it must be a handler that
// knows of replay, such as that of package logging. The error joins what is wrong
// with the configuration and with the definitions' names.
func New(cfg Config, log slog.Handler, definitions ...restate.ServiceDefinition) (*Endpoint, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.WithDefaults()
	e := &Endpoint{
		cfg:   cfg,
		log:   slog.New(log),
		sdk:   server.NewRestate().WithLogger(log, false).Bidirectional(!cfg.RequestResponse),
		known: map[string]bool{"/health": true, "/discover": true},
	}
	e.gate.init(cfg.MaxInFlight)
	if len(cfg.IdentityKeys) > 0 {
		e.sdk.WithIdentityV1(cfg.IdentityKeys...)
	}
	var errs []error
	seen := map[string]bool{}
	for _, def := range definitions {
		if seen[def.Name()] {
			errs = append(errs, fmt.Errorf("endpoint: two services are named %q; give one of them another name", def.Name()))
			continue
		}
		seen[def.Name()] = true
		e.sdk.Bind(def)
		e.services = append(e.services, def.Name())
		for name := range def.Handlers() {
			e.known["/invoke/"+def.Name()+"/"+name] = true
		}
	}
	h, err := e.sdk.Handler()
	if err != nil {
		errs = append(errs, fmt.Errorf("endpoint: IdentityKeys: %w", err))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	e.handler = h
	return e, nil
}

// Services returns the names of the services.
func (e *Endpoint) Services() []string { return e.services }

// Config returns the configuration in force, defaults filled in.
func (e *Endpoint) Config() Config { return e.cfg }

// InFlight returns how many attempts run now.
func (e *Endpoint) InFlight() int { return e.gate.inFlight() }

// Addr returns the address that the endpoint listens on, or nil before Start and
// in the modes that do not listen.
func (e *Endpoint) Addr() net.Addr {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.addr
}

// Port returns the TCP port of Addr, or 0.
func (e *Endpoint) Port() int {
	if tcp, ok := e.Addr().(*net.TCPAddr); ok {
		return tcp.Port
	}
	return 0
}

// Start warms the SDK up and, in mode Listen, listens and serves. It returns when
// the endpoint takes requests; a taken port is an error.
func (e *Endpoint) Start(ctx context.Context) error {
	if e.cfg.Mode == Listen {
		if err := e.listen(ctx); err != nil {
			return err
		}
	}
	if err := warmUp(ctx); err != nil {
		return errors.Join(fmt.Errorf("endpoint: warm up: %w", err), e.Stop(ctx))
	}
	return nil
}
