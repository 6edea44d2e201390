package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/fxrestate/go/internal/httpclient"
)

// DefaultURL is where a restate-server with default settings serves its admin
// API.
const DefaultURL = "http://localhost:9070"

const (
	// maxBody bounds what is read of one answer. The largest answers are those of
	// Query; ask for less at a time if one is larger.
	maxBody = 64 << 20
	// maxIdleConnections is for the few who ask at a time.
	maxIdleConnections = 2
)

// Config says where the admin API is and how to get in. The zero value is a
// server on this machine with default settings.
//
// Config prints, logs and marshals without its secrets.
type Config struct {
	// URL of the admin API, default [DefaultURL]. A path is a prefix for all
	// calls, for a server behind a gateway. A user and password in it are sent
	// as basic authentication, unless AuthToken is set.
	URL string

	// AuthToken is sent as "Authorization: Bearer …" with each call. Restate
	// Cloud asks for one; a server of one's own does not by itself. There is one
	// Authorization: next to it none may be in URL or Headers.
	AuthToken string

	// Headers are sent with each call, for gateways that want their own, Host as
	// the host that calls are for. Those that the client or net/http sets itself,
	// such as Accept and Connection, are a mistake.
	Headers map[string]string

	// HTTPClient does the calls. Without a Transport of its own it gets the
	// default's, and redirects are not followed unless its CheckRedirect says so.
	// The default has timeouts for connecting and for the first byte of an answer,
	// and uses the proxy of the environment.
	HTTPClient *http.Client
}

// Client calls the admin API of one server. It is safe for concurrent use.
type Client struct {
	all  httpclient.Requests // what they have in common
	http *http.Client
}

// New returns a client and makes no call. It fails if fields of cfg are unusable,
// and says which.
func New(cfg Config) (*Client, error) {
	settings := cfg.settings()
	var errs []error
	for _, err := range settings.Validate() {
		errs = append(errs, fmt.Errorf("admin: %w", err))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	all, err := settings.Requests()
	if err != nil {
		return nil, fmt.Errorf("admin: %w", err)
	}
	return &Client{all: all, http: httpclient.New(cfg.HTTPClient, newTransport)}, nil
}

// settings are what the configuration says about all calls.
func (c Config) settings() httpclient.Settings {
	return httpclient.Settings{URL: c.URL, DefaultURL: DefaultURL, AuthToken: c.AuthToken, Headers: c.Headers, Own: ownHeaders}
}

// ownHeaders are headers that the client sets for each call.
var ownHeaders = map[string]string{
	"Accept":       "is the client's own; leave it out",
	"Content-Type": "is the client's own; leave it out",
}

// URL is the base of all calls, without credentials.
func (c *Client) URL() string { return c.all.Base.String() }

// String names the client by its URL. It keeps credentials out of logs.
func (c *Client) String() string { return "admin.Client(" + c.URL() + ")" }

// GoString is String.
func (c *Client) GoString() string { return c.String() }

// CloseIdleConnections closes the connections that no call uses. The client
// stays usable.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

func newTransport() *http.Transport {
	transport := httpclient.NewTransport(maxIdleConnections)
	transport.ForceAttemptHTTP2 = true
	// A registration answers only when the server has discovered the endpoint, with
	// retries of its own.
	transport.ResponseHeaderTimeout = time.Minute
	return transport
}

// call is one request of the admin API.
type call struct {
	method string
	path   []string // segments, not escaped
	query  url.Values
	body   any // sent as JSON if not nil

	// secrets in the body, which an error message may repeat.
	secrets map[string]string
}

// do sends the call, decodes the answer into out unless that is nil, and
// returns the status of the answer.
func (c *Client) do(ctx context.Context, in call, out any) (int, error) {
	target, err := joinPath(in.path)
	// What errors say of it: an id may be of any length.
	path := httpclient.OneLine(target, maxPath)
	if err != nil {
		return 0, fmt.Errorf("admin: %s %s: %w", in.method, path, err)
	}
	req, err := c.request(ctx, in, target)
	if err != nil {
		return 0, fmt.Errorf("admin: %s %s: %w", in.method, path, err)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return 0, c.connectionError(ctx, in.method, path, err)
	}
	defer res.Body.Close()

	if res.StatusCode/100 != 2 {
		return res.StatusCode, c.responseError(in, path, res)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	switch {
	case err != nil:
		return res.StatusCode, c.connectionError(ctx, in.method, path, err)
	case len(body) > maxBody:
		return res.StatusCode, fmt.Errorf("admin: %s %s: the answer is larger than %d MiB: ask for less at a time", in.method, path, maxBody>>20)
	case out == nil:
		return res.StatusCode, nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return res.StatusCode, fmt.Errorf("admin: %s %s: the answer does not decode into %T (is %s an admin API?): %w", in.method, path, out, c.URL(), httpclient.Brief(err, maxMessage))
	}
	return res.StatusCode, nil
}

func (c *Client) request(ctx context.Context, in call, path string) (*http.Request, error) {
	var body io.Reader
	if in.body != nil {
		encoded, err := json.Marshal(in.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(encoded)
	}
	target := c.URL() + path
	if len(in.query) > 0 {
		target += "?" + in.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, in.method, target, body)
	if err != nil {
		return nil, err
	}
	req.Host = c.all.Host
	maps.Copy(req.Header, c.all.Header) // net/http does not change them
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// joinPath escapes each segment, so that no name or id reaches another path
// than its own. Dot segments mean something else to gateways in any spelling
// and are refused.
func joinPath(segments []string) (string, error) {
	var path strings.Builder
	var err error
	for _, segment := range segments {
		if segment == "" || segment == "." || segment == ".." {
			err = fmt.Errorf("%q is no name or id", segment)
		}
		path.WriteByte('/')
		path.WriteString(url.PathEscape(segment))
	}
	return path.String(), err
}
