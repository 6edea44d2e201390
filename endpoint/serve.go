package endpoint

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/fxrestate/go/event"
	"github.com/fxrestate/go/internal/gather"
	"github.com/fxrestate/go/internal/gather/stack"
	"github.com/fxrestate/go/internal/sdk"
)

const (
	healthURI      = "/health"
	discoverURI    = "/discover"
	invokeURI      = "/invoke/"
	invocationType = "application/vnd.restate.invocation."
)

const (
	// readHeaderTimeout bounds how long a connection may take for a request's head.
	readHeaderTimeout = 5 * time.Second
	// idleTimeout is how long a connection stays open without requests.
	idleTimeout = 2 * time.Minute
	// pingAfter and pingTimeout find connections whose other end is gone.
	pingAfter   = 30 * time.Second
	pingTimeout = 15 * time.Second
)

// ServeHTTP takes discovery, invocations and GET /health. What is none of these
// gets a 404, 405 or 415 before the SDK sees it, and with IdentityKeys a 401 unless
// it is signed. In mode Lambda it takes nothing.
//
// Health and discovery may have a query, which load balancers and proxies add, and
// every request may have the absolute form that proxies write (RFC 9112, section
// 3.2.2). An invocation with a query is none.
//
// With a [Version] all this is below its path, and GET /health also without. What is of
// another version gets a 503 with Retry-After.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	version, uri := e.versions.cut(originForm(r.RequestURI))
	r = withURI(r, wellKnown(uri))
	other := e.versions.refusal(version, r.RequestURI)
	if r.RequestURI == healthURI {
		e.health(w, r, version, other)
		return
	}
	if err := e.identity.verify(r.RequestURI, r.Header); err != nil {
		// Who does not sign does not learn which handlers there are.
		e.refused.unsigned.Note(err)
		refuse(w, r, errUnsigned)
		return
	}
	misfit := e.misfit(r, other)
	if held := e.held.Load(); held != nil && other == nil && isInvoke(r.RequestURI) {
		misfit = held // a handler that is gone, too
	}
	switch {
	case misfit != nil:
		if misfit == other {
			e.refused.otherVersion.Note(other)
			leadElsewhere(w)
		}
		e.turnAway(w, r, misfit)
	case r.RequestURI == discoverURI:
		abandonBody(w, r)
		e.handler.ServeHTTP(w, r)
	default:
		e.invoke(w, r)
	}
}

// leadElsewhere ends the connection on which a request of another version came. Where
// connections are balanced and not requests, as by a Service of Kubernetes, only another
// connection leads to another process. Attempts on it go on to their ends. It does so by
// chance: two that have met each other's process would else change places for ever.
func leadElsewhere(w http.ResponseWriter) {
	if rand.IntN(2) == 0 {
		w.Header().Set("Connection", "close")
	}
}

var errNotHere = &refusal{status: http.StatusServiceUnavailable, reason: "the version is not served here", after: retryAfter}

// health answers whether the process serves, and a version if the request names one. It
// needs no signature, and so it does not tell which versions there are.
func (e *Endpoint) health(w http.ResponseWriter, r *http.Request, version string, other *refusal) {
	if other != nil && version != Unversioned {
		refuse(w, r, errNotHere)
		return
	}
	abandonBody(w, r)
	e.handler.ServeHTTP(w, r)
}

// IsInvocation reports whether a request has the form in which Restate sends an invocation
// of a handler of the endpoint, under any prefix. A server that the endpoint is mounted in
// can tell by it which requests the endpoint drains by itself: see httpserver.Config.
func (e *Endpoint) IsInvocation(r *http.Request) bool {
	if r.Method != http.MethodPost || !strings.HasPrefix(r.Header.Get("Content-Type"), invocationType) {
		return false
	}
	uri := originForm(r.RequestURI)
	i := strings.LastIndex(uri, invokeURI)
	return i >= 0 && e.known[uri[i:]] && !strings.Contains(uri, "?")
}

// originForm returns a request target as the SDK knows it: of an absolute one the path
// and the query.
func originForm(uri string) string {
	if strings.HasPrefix(uri, "/") {
		return uri
	}
	u, err := url.ParseRequestURI(uri)
	if err != nil || u.Host == "" {
		return uri // such as "*"
	}
	return u.RequestURI()
}

// wellKnown returns health and discovery without a query, and any other target as it is.
func wellKnown(uri string) string {
	switch path, _, _ := strings.Cut(uri, "?"); path {
	case healthURI, discoverURI:
		return path
	default:
		return uri
	}
}

// withURI returns the request with another target. The target is what the SDK routes
// and checks signatures on.
func withURI(r *http.Request, uri string) *http.Request {
	if r.RequestURI == uri {
		return r
	}
	r = r.WithContext(r.Context())
	r.RequestURI = uri
	return r
}

// misfit says why a request is neither discovery nor an invocation, or, if it is one,
// why it is of another version, or nil.
func (e *Endpoint) misfit(r *http.Request, other *refusal) *refusal {
	known := e.known[r.RequestURI] || other != nil && isInvoke(r.RequestURI)
	switch method := r.Method; {
	case !known:
		return &refusal{status: http.StatusNotFound, reason: "no such service or handler"}
	case r.RequestURI == discoverURI:
		if method != http.MethodGet {
			return &refusal{status: http.StatusMethodNotAllowed, reason: "discovery is a GET"}
		}
	case method != http.MethodPost:
		return &refusal{status: http.StatusMethodNotAllowed, reason: "an invocation is a POST"}
	case !strings.HasPrefix(r.Header.Get("Content-Type"), invocationType):
		return &refusal{status: http.StatusUnsupportedMediaType, reason: "an invocation has a content type " + invocationType + "…"}
	}
	return other
}

// invoke runs an attempt once its journal has arrived and the gate lets it in.
func (e *Endpoint) invoke(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	a := newAttempt(&e.gate, w, r, cancel)
	a.PauseOnMismatch = e.cfg.OnMismatch == Pause
	if refused := e.gate.arrive(a); refused != nil {
		e.turnAway(w, r, refused)
		return
	}
	defer e.gate.leave(a)
	if refused := a.arrive(); refused != nil {
		e.turnAway(w, r, refused)
		return
	}
	if refused := e.gate.enter(r.Context(), a); refused != nil {
		e.turnAway(w, r, refused)
		return
	}
	defer context.AfterFunc(r.Context(), a.gone)()
	r = r.WithContext(e.attemptContext(ctx, &a.Exchange))
	a.begin(r)
	r.Body = a
	stack.Reserve()
	e.handler.ServeHTTP(newResponse(w, a), r)
	a.finish()
}

// turnAway refuses a request, and counts it if it is an attempt that is not let in.
func (e *Endpoint) turnAway(w http.ResponseWriter, r *http.Request, why *refusal) {
	switch why.cause {
	case event.Overloaded:
		e.refused.overloaded.Note(why)
	case event.TooLarge:
		e.refused.tooLarge.Note(why)
	case event.Stopping:
		e.refused.stopping.Note(why)
	case event.Held:
		e.refused.held.Note(why)
	}
	refuse(w, r, why)
}

// attemptContext is the context that the SDK makes that of a handler from.
func (e *Endpoint) attemptContext(ctx context.Context, x *sdk.Exchange) context.Context {
	if e.cfg.Context != nil {
		ctx = e.cfg.Context(ctx)
	}
	return sdk.WithExchange(ctx, x)
}

// Under returns the endpoint for a place below prefix in a mux or a chi router:
//
//	r.Mount("/restate", e.Under("/restate"))
//	mux.Handle("/restate/", e.Under("/restate"))
//
// The prefix is the whole path of the URL that is registered, that of routers
// around included, but for the path of a [Version], which comes below. The SDK routes, and checks signatures, on the path without the
// prefix, which http.StripPrefix and chi leave in place.
//
// The server must serve the endpoint until it has drained: http.Server.Shutdown alone
// waits for invocations that wait, and fails. fxrestate.HTTPServer stops both in the
// right order. A server of another kind is shut down after the endpoint:
//
//	errors.Join(e.Stop(ctx), srv.Shutdown(ctx))
func (e *Endpoint) Under(prefix string) http.Handler {
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		prefix = "/" + prefix
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		uri, ok := strings.CutPrefix(originForm(r.RequestURI), prefix)
		if !ok || !strings.HasPrefix(uri, "/") {
			abandonBody(w, r)
			http.NotFound(w, r)
			return
		}
		e.ServeHTTP(w, withURI(r, uri))
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
		IdleTimeout:       idleTimeout,
		TLSConfig:         e.cfg.TLS.Clone(),
		ErrorLog:          e.serverLog.Logger(),
		HTTP2: &http.HTTP2Config{
			// Beyond MaxInFlight there is room for invocations that wait.
			MaxConcurrentStreams: min(e.cfg.MaxInFlight, math.MaxInt32-maxMaxInFlight) + maxMaxInFlight,
			SendPingTimeout:      pingAfter,
			PingTimeout:          pingTimeout,
		},
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
