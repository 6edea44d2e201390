package ingress

import (
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"

	sdkingress "github.com/restatedev/sdk-go/ingress"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/httptext"
)

// Client calls services through the ingress of one server. [Service], [Object],
// [Workflow] and [Named] say which. It is safe for concurrent use.
type Client struct {
	base     *url.URL // without user and trailing slash
	header   http.Header
	http     *http.Client
	registry *handler.Registry
	byRules  bool // no registry was given: names are those of the types
	retry    Retry
	redact   *strings.Replacer
	log      *slog.Logger
	warned   sync.Map // subjects that warnInside wrote about
}

// New returns a client and makes no request. It fails if fields of cfg are
// unusable, and says which.
//
// The registry knows the names that the services of this application were
// registered with. Types that it does not know, such as those of services in
// another application, go by the same rules without a registration. It may be
// nil, when no type has another name than its own.
func New(cfg Config, registry *handler.Registry) (*Client, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	base, err := parseURL(cfg.URL)
	if err != nil {
		return nil, err
	}
	byRules := registry == nil
	if byRules {
		if registry, err = handler.NewRegistry(); err != nil {
			return nil, fmt.Errorf("ingress: %w", err)
		}
	}
	c := &Client{
		base:     base,
		header:   make(http.Header, len(cfg.Headers)+2),
		registry: registry,
		byRules:  byRules,
		retry:    cfg.Retry.withDefaults(),
		redact:   httptext.Redactor(cfg.AuthToken, base, cfg.Headers),
		log:      cfg.Logger,
	}
	if c.log == nil {
		c.log = slog.Default()
	}
	// One user agent for all versions of Go: the server keeps it with each
	// invocation.
	c.header.Set("User-Agent", "fxrestate")
	for name, value := range cfg.Headers {
		c.header.Set(name, value)
	}
	switch {
	case cfg.AuthToken != "":
		c.header.Set("Authorization", "Bearer "+cfg.AuthToken)
	case base.User != nil:
		password, _ := base.User.Password()
		credentials := base64.StdEncoding.EncodeToString([]byte(base.User.Username() + ":" + password))
		c.header.Set("Authorization", "Basic "+credentials)
		base.User = nil
	}
	c.http = newHTTPClient(cfg.HTTPClient)
	return c, nil
}

func newHTTPClient(given *http.Client) *http.Client {
	client := new(http.Client)
	if given != nil {
		*client = *given
	}
	if client.Transport == nil {
		client.Transport = NewTransport()
	}
	if client.CheckRedirect == nil {
		client.CheckRedirect = noRedirects
	}
	return client
}

// URL is the base of all requests, without credentials.
func (c *Client) URL() string { return c.base.String() }

// String names the client by its URL. It keeps credentials out of logs.
func (c *Client) String() string { return "ingress.Client(" + c.URL() + ")" }

// GoString is String.
func (c *Client) GoString() string { return c.String() }

// CloseIdleConnections closes the connections that no request uses. The client
// stays usable.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

// Raw returns the SDK's own ingress client for the same server, with the same
// credentials, headers and connections, for what takes one. [ServiceNameOf] and
// its kin give it names. It has none of the rest: it does not escape keys, so
// never give it one that came from outside.
func (c *Client) Raw() *sdkingress.Client {
	raw := *c.http
	raw.Transport = headerTransport{c.header, c.http.Transport}
	return sdkingress.NewClient(c.URL(), sdkingress.WithHttpClient(&raw))
}

// headerTransport adds headers to requests that do not have them.
type headerTransport struct {
	header http.Header
	next   http.RoundTripper
}

func (t headerTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	for name, values := range t.header {
		if _, ok := req.Header[name]; !ok {
			req.Header[name] = values
		}
	}
	return t.next.RoundTrip(req)
}
