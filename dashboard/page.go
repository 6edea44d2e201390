package dashboard

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/endpoint"
)

// DefaultTimeout is the default of Config.Timeout.
const DefaultTimeout = 3 * time.Second

// maxRefresh is the longest time between two loads of a page that loads itself again.
const maxRefresh = 3600

// Config says what a page shows. Each field that is nil leaves out what only it knows.
type Config struct {
	// Title of the page. Default: "Restate".
	Title string
	// Admin asks the server: for its version, what it routes to, and what is stuck. Its
	// URL is shown without credentials.
	Admin *admin.Client
	// Endpoint is what the process serves. Without one the page shows what the server
	// knows, of all applications.
	Endpoint *endpoint.Endpoint
	// Failures has the last failures. It must be an observer of the handlers.
	Failures *Failures
	// Ready and Live return nil, or why the process is not. fxrestate.Health has both.
	Ready, Live func() error
	// DeploymentID returns the id that the endpoint is registered as, or "".
	DeploymentID func() string
	// Timeout bounds what the server is asked in a load. The page has the rest anyway.
	// Default: [DefaultTimeout].
	Timeout time.Duration
}

// Page is the page, an http.Handler for GET and HEAD at any path. It is safe for concurrent
// use. However many load it, the server is asked by one at a time, and at most once in a
// second.
type Page struct {
	cfg    Config
	own    ownServices
	server serverLook
}

// New makes a page. It makes no call, and starts nothing.
func New(cfg Config) *Page {
	if cfg.Title == "" {
		cfg.Title = "Restate"
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultTimeout
	}
	return &Page{cfg: cfg, own: ownServices{endpoint: cfg.Endpoint}, server: newServerLook(cfg)}
}

// ServeHTTP serves the page. It refuses other methods than GET and HEAD with 405.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Frame-Options", "DENY")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Vary", "Accept")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "this page is a GET", http.StatusMethodNotAllowed)
		return
	}
	query := r.URL.Query()
	v := p.look(r.Context(), text(query.Get("find")))
	if seconds, err := strconv.Atoi(query.Get("refresh")); err == nil && 1 <= seconds && seconds <= maxRefresh {
		v.Refresh = seconds
	}
	var body bytes.Buffer
	var err error
	if wantsJSON(query.Get("format"), r.Header.Get("Accept")) {
		header.Set("Content-Type", "application/json")
		encoder := json.NewEncoder(&body)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(v)
	} else {
		header.Set("Content-Type", "text/html; charset=utf-8")
		err = document.Execute(&body, v)
	}
	if err != nil {
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	header.Set("Content-Length", strconv.Itoa(body.Len()))
	_, _ = w.Write(body.Bytes())
}

// wantsJSON reports whether a request prefers JSON. Browsers accept HTML, and curl anything.
func wantsJSON(format, accept string) bool {
	if format != "" {
		return format == "json"
	}
	return strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
}

// look collects what the page shows.
func (p *Page) look(ctx context.Context, find string) *view {
	v := &view{Title: p.cfg.Title, At: time.Now(), Find: find}
	served, manifest, err := p.own.get(ctx)
	if err != nil {
		v.ServicesUnknown = text(err.Error())
	}
	if p.cfg.Endpoint != nil {
		v.Process = p.process()
	}
	if p.cfg.Failures != nil {
		v.Failures = p.failures()
	}
	if p.cfg.Admin != nil {
		seen := p.server.look(ctx)
		v.Server, v.Stuck = seen.summary(p.cfg), seen.stuck()
		if p.cfg.Endpoint != nil {
			v.Drift = seen.drift(manifest, p.deploymentID())
		} else {
			served = seen.services()
			v.ServicesUnknown = text(seen.servicesErr)
		}
	}
	v.Services = bounded(served, find)
	return v
}

func (p *Page) deploymentID() string {
	if p.cfg.DeploymentID == nil {
		return ""
	}
	return p.cfg.DeploymentID()
}
