package restatetest

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"slices"
	"strings"
	"sync"

	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/override"
	"github.com/fxrestate/go/logging"
)

// app is one application that an environment has built of the options of its test.
type app struct {
	fx    *fx.App
	parts parts
	wire  wire
}

// parts are what the environment takes out of the graph.
type parts struct {
	fx.In

	// Without fxrestate.Module there is none of them.
	Endpoint *endpoint.Endpoint `optional:"true"`
	Health   *fxrestate.Health  `optional:"true"`
	Registry *handler.Registry  `optional:"true"`
	Ingress  *ingress.Client    `optional:"true"`
	Admin    *admin.Client      `optional:"true"`
}

// errNoModule is the error where the options have services or none, and no Module.
var errNoModule = errors.New("restatetest: fxrestate.Module is not among the options of Start; list it, as the application does in fx.New")

// build makes an application, which is not started.
func (e *Env) build() (*app, error) {
	a := &app{}
	a.wire.wrap = e.set.wrap
	kit := &override.App[fxrestate.Config]{
		Config: func(cfg fxrestate.Config) fxrestate.Config {
			e.backend.configure(&cfg, e.port)
			return a.wire.attach(cfg)
		},
		Log: logging.NewConsole(&e.log, logging.ConsoleOptions{}),
	}
	// fx takes this printer where Module is not listed, or its logger cannot be made. What is
	// wrong then fails the test, and needs no events of fx beside it.
	opts := append([]fx.Option{fx.Logger(log.New(io.Discard, "", 0))}, e.opts...)
	a.fx = fx.New(append(opts, fx.Supply(kit), fx.Invoke(func(p parts) error {
		if p.Endpoint == nil {
			return errNoModule
		}
		a.parts = p
		if p.Endpoint.Config().Mode == endpoint.Mounted {
			e.backend.serve(a.wire.around(p.Endpoint))
		}
		return nil
	}))...)
	return a, explained(a.fx.Err())
}

// start starts the application and waits until its handlers are called.
func (e *Env) start(ctx context.Context, a *app) error {
	if err := a.fx.Start(ctx); err != nil {
		a.wire.cut() // fx stops nothing of a start that took too long
		return explained(err)
	}
	if err := e.backend.started(ctx); err != nil {
		return errors.Join(err, a.fx.Stop(context.WithoutCancel(ctx)))
	}
	if a.parts.Endpoint.Config().Mode != endpoint.Mounted {
		return nil // the start registers it
	}
	err := poll(ctx, a.parts.Health.Ready)
	if err == nil {
		return nil
	}
	return errors.Join(errors.New("restatetest: the mounted endpoint is not registered; serve it with fxrestate.HTTPServer below the path of Config.Register.URL, or set Endpoint.Mode to endpoint.Listen in the test"),
		err, a.fx.Stop(context.WithoutCancel(ctx)))
}

// stop stops the application as a planned stop does.
func (a *app) stop(ctx context.Context) error {
	err := a.fx.Stop(ctx)
	a.parts.Admin.CloseIdleConnections()
	return explained(err)
}

// quit stops the application without a drain: attempts are cut.
func (a *app) quit(ctx context.Context) error {
	now, cancel := context.WithCancel(ctx)
	cancel()
	_ = a.parts.Endpoint.Stop(now) // what has not returned yet is waited for by stop
	return a.stop(ctx)
}

// kill cuts the application off, as the death of its process does, and then ends what is
// left of it in this process.
func (a *app) kill(ctx context.Context) error {
	a.wire.cut()
	return a.quit(ctx)
}

// explained makes one error of what is wrong with an application, each problem on a line.
func explained(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(strings.Join(fxrestate.Problems(err), "\n"))
}

// wire is where an application serves: its HTTP servers.
type wire struct {
	wrap []func(http.Handler) http.Handler

	mu      sync.Mutex
	servers []*http.Server
	dead    bool
}

// attach has the servers of an application tell the wire of themselves.
func (w *wire) attach(cfg fxrestate.Config) fxrestate.Config {
	if cfg.Endpoint.Mode == endpoint.Listen {
		cfg.Endpoint.Configure = w.configure(cfg.Endpoint.Configure, w.around)
	}
	cfg.HTTP.Configure = w.configure(cfg.HTTP.Configure, func(h http.Handler) http.Handler { return h })
	return cfg
}

func (w *wire) configure(own func(*http.Server), around func(http.Handler) http.Handler) func(*http.Server) {
	return func(srv *http.Server) {
		if own != nil {
			own(srv)
		}
		srv.Handler = w.mortal(around(srv.Handler))
		w.mu.Lock()
		defer w.mu.Unlock()
		w.servers = append(w.servers, srv)
	}
}

// around puts the handlers of the test around the endpoint's.
func (w *wire) around(h http.Handler) http.Handler {
	for _, wrap := range w.wrap {
		h = wrap(h)
	}
	return h
}

// mortal answers nothing once the wire was cut.
func (w *wire) mortal(h http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		dead := w.dead
		w.mu.Unlock()
		if dead {
			panic(http.ErrAbortHandler)
		}
		h.ServeHTTP(rw, r)
	})
}

// cut closes all listeners and connections. The contexts of requests end.
func (w *wire) cut() {
	w.mu.Lock()
	w.dead = true
	servers := slices.Clone(w.servers)
	w.mu.Unlock()
	for _, srv := range servers {
		_ = srv.Close()
	}
}
