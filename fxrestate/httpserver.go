package fxrestate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strings"

	"go.uber.org/fx"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/httpserver"
)

// HTTPServer serves the application's own HTTP API, such as a chi router, as
// [Config].HTTP says. The argument is an http.Handler, or a constructor of one: a
// function as for fx.Provide that returns it, or it and an error.
//
//	fxrestate.HTTPServer(func(client *ingress.Client) chi.Router {
//		r := chi.NewRouter()
//		r.Post("/carts/{key}/items", ingress.Handler(ingress.NewObject[*Cart](client), (*Cart).Add, nil))
//		return r
//	})
//
// On start the server listens before the endpoint is registered: /readyz and /livez
// answer from then on, and every other request is answered 503 with Retry-After. The
// routes open when the application has been registered, as far as the start waits for
// that. The application is ready while they are open and [Health.Ready] returns nil. If
// not, the probes say in a word why, since the port may be public; the log has the reason.
//
// On stop the application stops being ready first. The contexts of streams, such as
// server-sent events, end at once. Requests have until the drain timeout, new ones are
// answered 503. Then the endpoint drains, and the server closes. A handler of a stream
// must return when the context of its request ends.
//
// In mode endpoint.Mounted the routes may have the endpoint too. Then it drains while
// the server still serves it, and nothing else has to stop it:
//
//	fxrestate.HTTPServer(func(e *endpoint.Endpoint) chi.Router {
//		r := chi.NewRouter()
//		r.Mount("/restate", e.Under("/restate"))
//		return r
//	})
//
// An application has one HTTPServer. It provides an *httpserver.Server, whose URL method
// tells the port that was bound. If the listener fails, the application is shut down
// with exit code 1. Without fx, use package httpserver.
func HTTPServer(routes any) fx.Option {
	position := caller()
	declared := fx.Supply(fx.Annotate(httpDeclaration{position}, fx.ResultTags(`group:"fxrestate.http"`)))
	provide, err := provideRoutes(routes)
	if err != nil {
		return ownOption{fx.Options(declared, needModule("HTTPServer", position), reportMistake("HTTPServer (%s): %w", position, err))}
	}
	return ownOption{fx.Options(declared, fx.Module("fxrestate.HTTPServer",
		fx.Provide(fx.Annotate(provide, fx.As(new(http.Handler)), fx.ResultTags(routesTag)), fx.Private),
		needModule("HTTPServer", position), // in the module, whose functions are invoked first
		fx.Invoke(fx.Annotate(openRoutes, fx.ParamTags("", "", routesTag))),
	))}
}

// routesTag tells the routes from other handlers in the graph.
const routesTag = `name:"fxrestate.routes"`

// httpDeclaration is a call of HTTPServer.
type httpDeclaration struct{ position string }

// provideRoutes returns the constructor of the routes.
func provideRoutes(given any) (constructor any, err error) {
	const fix = "pass an http.Handler, such as a chi.Router, or a function that returns one"
	v := reflect.ValueOf(given)
	if !v.IsValid() || isNil(given) {
		return nil, errors.New("the routes are nil; " + fix)
	}
	if ready, ok := given.(http.Handler); ok {
		return func() http.Handler { return ready }, nil
	}
	t := v.Type()
	if t.Kind() != reflect.Func {
		return nil, fmt.Errorf("%s is no http.Handler; %s", t, fix)
	}
	if t == reflect.TypeFor[func(http.ResponseWriter, *http.Request)]() {
		return nil, fmt.Errorf("%s is no http.Handler; pass http.HandlerFunc of it", t)
	}
	returns := t.NumOut() == 1 || t.NumOut() == 2 && t.Out(1) == reflect.TypeFor[error]()
	if !returns || !t.Out(0).Implements(reflect.TypeFor[http.Handler]()) {
		return nil, fmt.Errorf("the constructor %s does not return an http.Handler, or one and an error; %s", t, fix)
	}
	return given, nil
}

// checkHTTP reports several servers.
func checkHTTP(declared []httpDeclaration) error {
	if len(declared) < 2 {
		return nil
	}
	positions := make([]string, len(declared))
	for i, d := range declared {
		positions[i] = d.position
	}
	return fmt.Errorf("fxrestate: there are %d HTTPServers (%s); mount all routes in one router", len(declared), strings.Join(positions, ", "))
}

// api is the server of [HTTPServer], if there is one.
type api struct{ server *httpserver.Server }

type apiParams struct {
	fx.In

	Lifecycle fx.Lifecycle
	Shutdown  fx.Shutdowner
	Settings  *settings
	Health    *Health
	Log       *slog.Logger
	Declared  []httpDeclaration `group:"fxrestate.http"`
}

// newAPI is constructed before the lifecycle.
func newAPI(p apiParams) (*api, error) {
	cfg := p.Settings.HTTP
	if len(p.Declared) == 0 {
		if !reflect.ValueOf(p.Settings.supplied.HTTP).IsZero() {
			p.Log.Warn("Config.HTTP is set, and nothing is served there; list fxrestate.HTTPServer with your routes")
		}
		return &api{}, nil
	}
	if p.Settings.Endpoint.Mode == endpoint.Mounted && cfg.Outlast == nil {
		cfg.Outlast = p.Health.endpoint.IsInvocation
	}
	server, err := httpserver.New(cfg, p.Health.probes(), p.Log)
	if err != nil {
		return nil, err
	}
	a := &api{server}
	p.Lifecycle.Append(fx.StartStopHook(func(ctx context.Context) error {
		if err := server.Start(ctx); err != nil {
			return err
		}
		p.Log.InfoContext(ctx, "serving HTTP", "url", server.URL())
		go a.watch(p.Shutdown)
		return nil
	}, server.Stop))
	return a, nil
}

// watch ends the application when the server fails.
func (a *api) watch(down fx.Shutdowner) {
	<-a.server.Done()
	if a.server.Err() != nil {
		_ = down.Shutdown(fx.ExitCode(1)) // the server has logged the reason
	}
}

// get is what users inject.
func (a *api) get() (*httpserver.Server, error) {
	if a.server == nil {
		return nil, errors.New("fxrestate: there is no *httpserver.Server without an HTTPServer; list fxrestate.HTTPServer with your routes")
	}
	return a.server, nil
}

// openRoutes takes the lifecycle so that the routes open after the registration, and
// drain before the endpoint does. It takes the plan first, which reports all mistakes.
func openRoutes(_ *plan, lc fx.Lifecycle, routes http.Handler, a *api, _ *lifecycle, h *Health) error {
	if isNil(routes) {
		return errors.New("fxrestate: the constructor given to HTTPServer returned nil; return the routes, or an error with them")
	}
	lc.Append(fx.StartStopHook(func() { a.server.Open(routes) }, func(ctx context.Context) {
		h.set(ErrStopping)
		a.server.Drain(ctx)
	}))
	return nil
}
