package ingress

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"sync"

	sdkingress "github.com/restatedev/sdk-go/ingress"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/httpclient"
)

// Client calls services through the ingress of one server. [NewService], [NewObject],
// [NewWorkflow] and [Named] choose the service. It is safe for concurrent use.
type Client struct {
	all      httpclient.Requests // what they have in common
	http     *http.Client
	registry *handler.Registry
	byRules  bool // no registry was given: names are those of the types
	retry    Retry
	log      *slog.Logger
	// canceller may be nil.
	canceller Canceller
	warned    sync.Map // subjects that warnInside wrote about
}

// New returns a client and makes no request. Its error names each invalid field of cfg.
//
// The registry knows the names that the services of this application were registered
// with. A type that is not registered, such as the contract of another application's
// service, is named by the same rules. The registry may be nil if no service was given
// another name than its type's.
func New(cfg Config, registry *handler.Registry) (*Client, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	all, err := cfg.settings().Requests()
	if err != nil {
		return nil, fmt.Errorf("ingress: %w", err)
	}
	byRules := registry == nil
	if byRules {
		if registry, err = handler.NewRegistry(); err != nil {
			return nil, fmt.Errorf("ingress: %w", err)
		}
	}
	c := &Client{
		all:       all,
		http:      httpclient.New(cfg.HTTPClient, NewTransport),
		registry:  registry,
		byRules:   byRules,
		retry:     cfg.Retry.withDefaults(),
		log:       cfg.Logger,
		canceller: cfg.Canceller,
	}
	if c.log == nil {
		c.log = slog.Default()
	}
	return c, nil
}

// URL is the base of all requests, without credentials.
func (c *Client) URL() string { return c.all.Base.String() }

// String names the client by its URL. It keeps credentials out of logs.
func (c *Client) String() string { return "ingress.Client(" + c.URL() + ")" }

// GoString is String.
func (c *Client) GoString() string { return c.String() }

// CloseIdleConnections closes the connections that no request uses. The client
// stays usable.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

// Raw returns the SDK's ingress client for the same server, with the same credentials,
// headers and connections. [ServiceNameOf], [ObjectNameOf] and [WorkflowNameOf] return
// the names that it needs. It does not escape keys: never give it a key that came from
// outside.
func (c *Client) Raw() *sdkingress.Client {
	raw := *c.http
	raw.Transport = headerTransport{c.all, c.http.Transport}
	return sdkingress.NewClient(c.URL(), sdkingress.WithHttpClient(&raw))
}

// headerTransport adds headers to requests that do not have them.
type headerTransport struct {
	all  httpclient.Requests
	next http.RoundTripper
}

func (t headerTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := checkCarried(req.Context()); err != nil {
		return nil, fmt.Errorf("ingress: %w", err)
	}
	req = req.Clone(req.Context())
	for name, value := range carriedHeaders(req.Context()) {
		if _, ok := req.Header[name]; !ok && name != httpclient.HostHeader {
			req.Header[name] = []string{value}
		}
	}
	for name, values := range t.all.Header {
		if _, ok := req.Header[name]; !ok {
			req.Header[name] = values
		}
	}
	if host := cmp.Or(carriedHeaders(req.Context())[httpclient.HostHeader], t.all.Host); host != "" {
		req.Host = host
	}
	return t.next.RoundTrip(req)
}
