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
	// maxBody limits the body of one response. Query has the largest responses: a
	// query that exceeds the limit must select less at a time.
	maxBody = 64 << 20
	// maxIdleConnections is small because few calls run at a time, but for a batch.
	maxIdleConnections = 8
)

// Config holds the address and the credentials of the admin API. The zero value
// is a server on this machine with default settings.
//
// Config prints, logs and marshals without its secrets.
type Config struct {
	// URL of the admin API, default [DefaultURL]. A path is a prefix for all
	// calls, for a server behind a gateway. A user and password in it are sent
	// as basic authentication, unless AuthToken is set.
	URL string

	// AuthToken is sent as "Authorization: Bearer …" with each call. Restate Cloud
	// requires one; a self-hosted server does not by default. Set Authorization in
	// one place only: New rejects a token together with credentials in URL or
	// Headers.
	AuthToken string

	// Headers are sent with each call, for gateways that need extra ones. Host sets
	// the host of the request. New rejects headers that the client or net/http sets
	// itself, such as Accept and Connection.
	Headers map[string]string

	// HTTPClient sends the requests. If its Transport is nil, it gets the default
	// one. Redirects are followed only if its CheckRedirect says so. The default
	// has timeouts for connecting and for the response headers, and uses the proxy
	// of the environment.
	HTTPClient *http.Client
}

// Client calls the admin API of one server. It is safe for concurrent use.
type Client struct {
	all  httpclient.Requests // URL, host and headers of every request
	http *http.Client
}

// New returns a client and makes no call. It returns an error that names each
// invalid field of cfg.
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

// settings returns what the configuration says about all calls.
func (c Config) settings() httpclient.Settings {
	return httpclient.Settings{URL: c.URL, DefaultURL: DefaultURL, AuthToken: c.AuthToken, Headers: c.Headers, Own: ownHeaders}
}

// ownHeaders are the headers that the client sets for each call.
var ownHeaders = map[string]string{
	"Accept":       "is the client's own; leave it out",
	"Content-Type": "is the client's own; leave it out",
}

// URL returns the base URL of all calls, without credentials.
func (c *Client) URL() string { return c.all.Base.String() }

// String names the client by its URL, so that credentials stay out of logs.
func (c *Client) String() string { return "admin.Client(" + c.URL() + ")" }

// GoString returns the same as String.
func (c *Client) GoString() string { return c.String() }

// CloseIdleConnections closes the connections that no call uses. The client can
// still be used afterwards.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

func newTransport() *http.Transport {
	transport := httpclient.NewTransport(maxIdleConnections)
	transport.ForceAttemptHTTP2 = true
	// The server responds to a registration only after it has discovered the
	// endpoint, retries included.
	transport.ResponseHeaderTimeout = time.Minute
	return transport
}

// call is one request of the admin API.
type call struct {
	method string
	path   []string // segments, not escaped
	query  url.Values
	body   any // sent as JSON if not nil

	// secrets in the body: the server's error message may repeat them.
	secrets map[string]string
}

// do sends the call, decodes the response into out unless that is nil, and
// returns the status of the response.
func (c *Client) do(ctx context.Context, in call, out any) (int, error) {
	res, path, err := c.send(ctx, in)
	if err != nil {
		var failed *Error
		if errors.As(err, &failed) {
			return failed.Status, err
		}
		return 0, err
	}
	defer res.Body.Close()
	asked := in.method + " " + c.URL() + path
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	switch {
	case err != nil:
		return res.StatusCode, c.connectionError(ctx, in.method, path, err)
	case len(body) > maxBody:
		return res.StatusCode, fmt.Errorf("admin: %s: the response is larger than %d MiB: ask for less at a time", asked, maxBody>>20)
	case out == nil:
		return res.StatusCode, nil
	}
	err = json.Unmarshal(body, out)
	if answer, ok := out.(answer); ok && err == nil && answer.empty() {
		err = errors.New("it lacks what was asked for")
	}
	if err != nil {
		return res.StatusCode, c.strange(asked, res.StatusCode, err)
	}
	return res.StatusCode, nil
}

// send sends the call and returns a successful response, whose body is to be closed, with
// the path of the call for errors.
func (c *Client) send(ctx context.Context, in call) (res *http.Response, path string, err error) {
	target, err := joinPath(in.path)
	// For errors: an id can have any length.
	path = httpclient.OneLine(target, maxPath)
	asked := in.method + " " + c.URL() + path
	if err != nil {
		return nil, path, fmt.Errorf("admin: %s: %w", asked, err)
	}
	req, err := c.request(ctx, in, target)
	if err != nil {
		return nil, path, fmt.Errorf("admin: %s: %w", asked, err)
	}
	res, err = c.http.Do(req)
	if err != nil {
		return nil, path, c.connectionError(ctx, in.method, path, err)
	}
	if res.StatusCode/100 != 2 {
		defer res.Body.Close()
		return nil, path, c.responseError(in, path, res)
	}
	return res, path, nil
}

// answer is the type of a response. A foreign server may answer with JSON as well, which
// must not be taken for a list without entries.
type answer interface {
	// empty reports whether the response has none of what it always has.
	empty() bool
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

// joinPath escapes each segment, so that a name or an id cannot lead to another
// path. It rejects dot segments, because gateways resolve them however they are
// escaped.
func joinPath(segments []string) (string, error) {
	var path strings.Builder
	var err error
	for _, segment := range segments {
		if segment == "" || segment == "." || segment == ".." {
			err = fmt.Errorf("%q is not a name or an id", segment)
		}
		path.WriteByte('/')
		path.WriteString(url.PathEscape(segment))
	}
	return path.String(), err
}
