package endpoint

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"

	"github.com/fxrestate/go/event"
	"github.com/fxrestate/go/internal/sdk"
	"github.com/fxrestate/go/internal/tally"
	"github.com/fxrestate/go/pipeline"
)

// Endpoint serves handlers to Restate. It is an http.Handler, safe for concurrent
// use. Its life is Start, then Stop.
type Endpoint struct {
	cfg       Config
	log       *slog.Logger
	handler   http.Handler
	lambda    server.LambdaHandlerFunc // in mode Lambda, in place of handler
	identity  identity
	known     map[string]bool // request URIs of discovery and of all handlers
	services  []string
	handlers  []named // sorted by target
	gate      gate
	held      atomic.Pointer[refusal] // why no invocation runs, or nil
	refused   refusals
	serverLog *tally.ServerLog
	versions  versions
	drained   atomic.Bool // was told

	mu      sync.Mutex
	addr    net.Addr
	server  *http.Server
	served  chan error
	failure error
}

// named is a handler that [Define] or [DefineForeign] made.
type named struct {
	target string
	served
}

// New makes an endpoint of definitions, which [Definition] and [Foreign] make.
// Log takes the SDK's lines and those of handlers, the latter not while an attempt
// replays; nil discards them. If event.Observe made it, it is told event.Refused and
// event.Drained. The error joins what is wrong with the definitions'
// names, or is that of [Config.Validate].
func New(cfg Config, log slog.Handler, definitions ...restate.ServiceDefinition) (*Endpoint, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.WithDefaults()
	if log == nil {
		log = slog.DiscardHandler
	}
	e := &Endpoint{
		cfg:   cfg,
		log:   slog.New(log),
		known: map[string]bool{discoverURI: true},
	}
	log = sdk.LogHandler(event.Base(log))
	e.refused.init(e.log)
	e.serverLog = tally.NewServerLog(e.log)
	e.versions.init(cfg.Version)
	e.gate.init(cfg, e.refused.tooLarge.Note)
	restateSDK := server.NewRestate().WithLogger(log, false).Bidirectional(!cfg.RequestResponse)
	var errs []error
	seen := map[string]bool{}
	for _, def := range definitions {
		if def == nil {
			errs = append(errs, errors.New("endpoint: a definition is nil; leave it out"))
			continue
		}
		if seen[def.Name()] {
			errs = append(errs, fmt.Errorf("endpoint: two services are named %q; give one of them another name", def.Name()))
			continue
		}
		seen[def.Name()] = true
		restateSDK.Bind(def)
		e.services = append(e.services, def.Name())
		for name, h := range def.Handlers() {
			target := def.Name() + "/" + name
			e.known[invokeURI+target] = true
			if own, ok := sdk.Ours(h).(served); ok {
				e.handlers = append(e.handlers, named{target, own})
			}
		}
	}
	slices.SortFunc(e.handlers, func(a, b named) int { return cmp.Compare(a.target, b.target) })
	if err := e.makeHandler(restateSDK, log); err != nil {
		errs = append(errs, err)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return e, nil
}

// makeHandler makes the SDK's handler and what checks signatures. Signatures are
// checked once: by the SDK in mode Lambda, which has no gate in front, and else by
// the endpoint.
func (e *Endpoint) makeHandler(sdk *server.Restate, log slog.Handler) (err error) {
	keys := e.cfg.IdentityKeys
	if e.cfg.Mode == Lambda {
		if e.identity, err = newIdentity(keys, slog.DiscardHandler); err != nil {
			return err
		}
		if len(keys) > 0 {
			sdk.WithIdentityV1(keys...)
		} else {
			sdk.WithLogger(slog.DiscardHandler, false) // as below
			defer sdk.WithLogger(log, false)
			e.warnOfOthers()
		}
		e.handler = http.NotFoundHandler()
		if e.lambda, err = sdk.LambdaHandler(); err != nil {
			return fmt.Errorf("endpoint: %w", err)
		}
		return nil
	}
	if e.identity, err = newIdentity(keys, log); err != nil {
		return err
	}
	sdk.WithLogger(slog.DiscardHandler, false) // it would warn of requests without signatures
	if len(keys) == 0 {
		e.warnOfOthers()
	}
	if e.handler, err = sdk.Handler(); err != nil {
		return fmt.Errorf("endpoint: %w", err)
	}
	sdk.WithLogger(log, false)
	return nil
}

// Chains returns what runs around each handler, sorted by service and handler, for
// people to read: each has a method String.
func (e *Endpoint) Chains() []*pipeline.Chain {
	chains := make([]*pipeline.Chain, len(e.handlers))
	for i, h := range e.handlers {
		chains[i] = h.Chain
	}
	return chains
}

// Services returns the names of the services.
func (e *Endpoint) Services() []string { return e.services }

// Handlers returns the names of all handlers, as service/handler, sorted.
func (e *Endpoint) Handlers() []string {
	var names []string
	for uri := range e.known {
		if name, ok := strings.CutPrefix(uri, invokeURI); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

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

// Err returns why the endpoint stopped serving before Stop, or nil.
func (e *Endpoint) Err() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.failure
}

// Port returns the TCP port of Addr, or 0.
func (e *Endpoint) Port() int {
	if tcp, ok := e.Addr().(*net.TCPAddr); ok {
		return tcp.Port
	}
	return 0
}

// WarmUp makes the process ready for its first invocation: see Start, which does
// it. To do it again takes two milliseconds, and is worth it when other work, such
// as a registration, has driven the SDK's core from its pool.
func (e *Endpoint) WarmUp(ctx context.Context) error {
	if err := warmUp(ctx); err != nil {
		return fmt.Errorf("endpoint: warm up: %w", err)
	}
	return nil
}

// Start warms the SDK up and, in mode Listen, listens and serves. It returns when
// the endpoint takes requests; a taken port is an error, and so is a handler whose
// types or codecs panic where discovery asks them for their schemas. An endpoint
// that was started cannot be started again.
func (e *Endpoint) Start(ctx context.Context) error {
	var listener net.Listener
	if e.cfg.Mode == Listen {
		if e.Addr() != nil {
			return errors.New("endpoint: it was started before; make a new one")
		}
		var err error
		if listener, err = e.listen(ctx); err != nil {
			return err
		}
	}
	if err := e.prepare(ctx); err != nil {
		if listener != nil {
			err = errors.Join(err, listener.Close())
		}
		return err
	}
	if listener != nil {
		e.serve(listener)
	}
	return nil
}

// prepare does what can be done before the first request. The SDK compiles its core
// on one processor, so there may be another for the schemas.
func (e *Endpoint) prepare(ctx context.Context) error {
	var describing sync.WaitGroup
	var err error
	describing.Go(func() { err = e.Describe(ctx) })
	warmErr := e.WarmUp(ctx)
	describing.Wait()
	return errors.Join(warmErr, err)
}

// Describe does the part of Start that [Endpoint.Manifest] and [Endpoint.VersionPath] need:
// it asks the types and codecs of the handlers for their schemas. It neither listens nor
// makes the SDK ready. The error names the handlers whose types or codecs panic.
func (e *Endpoint) Describe(ctx context.Context) error {
	if err := e.describe(); err != nil {
		return err
	}
	return e.findVersion(ctx)
}
