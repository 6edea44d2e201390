package ingress

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// DefaultURL is where a restate-server with default settings serves its
// ingress.
const DefaultURL = "http://localhost:8080"

// Config says where the ingress is and how to get in. The zero value is a
// server on this machine with default settings.
//
// Config prints, logs and marshals without its secrets.
type Config struct {
	// URL of the ingress, default [DefaultURL]. A path is a prefix for all
	// requests, for a server behind a gateway. A user and password in it are
	// sent as basic authentication, unless AuthToken is set.
	URL string

	// AuthToken is sent as "Authorization: Bearer …" with each request.
	// Restate Cloud asks for one; a server of one's own does not by itself. An
	// Authorization among Headers gives way to it.
	AuthToken string

	// Headers are sent with each request. What a call gives with
	// restate.WithHeaders overrides them. They reach the handler, except
	// those that net/http or the server keep for themselves.
	Headers map[string]string

	// HTTPClient does the requests, for instance one whose transport is
	// traced; wrap [NewTransport] then. Without a Transport of its own it
	// gets [NewTransport]'s, and redirects are not followed unless its
	// CheckRedirect says so. Default: a client with no time limit, since a
	// call lasts as long as its handler: limit calls by their context.
	HTTPClient *http.Client

	// Retry says how requests that are safe to repeat are repeated.
	Retry Retry

	// Logger gets the few warnings of the client, each once. Default:
	// [slog.Default].
	Logger *slog.Logger
}

// Retry says how a request is repeated that broke or was turned away for the
// time being: no connection, or a status 429, 502, 503 or 504 that is not the
// handler's own. Only requests that are safe to repeat are repeated at all:
// calls and sends with an idempotency key, [Invocation.Attach] and
// [Invocation.Output].
//
// Waits grow by a factor of 2, with jitter. A Retry-After of the answer makes
// a wait longer; one of more than a minute ends the retries, and the error
// carries it. So does a context that would end before the wait.
type Retry struct {
	// MaxAttempts counts the first one. Default 5; 1 turns retries off.
	MaxAttempts int
	// InitialInterval is the longest first wait. Default 100 ms.
	InitialInterval time.Duration
	// MaxInterval is the longest wait, Retry-After aside. Default 2 s.
	MaxInterval time.Duration
}

// Validate reports all fields out of their bounds.
func (c Config) Validate() error {
	var errs []error
	problem := func(format string, args ...any) { errs = append(errs, fmt.Errorf("ingress: "+format, args...)) }

	base, err := parseURL(c.URL)
	switch {
	case err != nil:
		errs = append(errs, err)
	case base.User != nil && c.AuthToken != "":
		problem("URL and AuthToken both carry credentials: set one of them")
	}
	if checkHeader("Authorization", c.AuthToken) != nil {
		problem("AuthToken: has a line break or control character (a newline at the end of a secret file, perhaps)")
	}
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		if err := checkHeader(name, c.Headers[name]); err != nil {
			problem("Headers: %w", err)
		}
		if http.CanonicalHeaderKey(name) == idempotencyKeyHeader {
			problem("Headers: %s would make all calls one; give each call its own with restate.WithIdempotencyKey", idempotencyKeyHeader)
		}
	}
	if c.Retry.MaxAttempts < 0 {
		problem("Retry.MaxAttempts is %d, want 0 for the default, or at least 1", c.Retry.MaxAttempts)
	}
	if c.Retry.InitialInterval < 0 {
		problem("Retry.InitialInterval is %v, want 0 for the default, or more", c.Retry.InitialInterval)
	}
	if c.Retry.MaxInterval < 0 {
		problem("Retry.MaxInterval is %v, want 0 for the default, or more", c.Retry.MaxInterval)
	}
	return errors.Join(errs...)
}

func (r Retry) withDefaults() Retry {
	if r.MaxAttempts == 0 {
		r.MaxAttempts = 5
	}
	if r.InitialInterval == 0 {
		r.InitialInterval = 100 * time.Millisecond
	}
	if r.MaxInterval == 0 {
		r.MaxInterval = 2 * time.Second
	}
	return r
}

func parseURL(raw string) (*url.URL, error) {
	if raw == "" {
		raw = DefaultURL
	}
	fail := func(why string) (*url.URL, error) {
		return nil, fmt.Errorf("ingress: URL %q: %s, want something like %q", withoutUserinfo(raw), why, DefaultURL)
	}
	u, err := url.Parse(raw)
	if err != nil {
		// The text of the parser's error repeats the URL, password and all.
		return fail("not a URL")
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return fail("does not start with http:// or https://")
	case u.Hostname() == "":
		return fail("has no host")
	case u.RawQuery != "" || u.Fragment != "":
		return fail("has a query or fragment")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = strings.TrimRight(u.RawPath, "/")
	return u, nil
}

// checkHeader says what is wrong with a header. The error quotes the name but
// never the value.
func checkHeader(name, value string) error {
	if name == "" || strings.Trim(name, tokenChars) != "" {
		return fmt.Errorf("%q is no header name", name)
	}
	for i := range len(value) {
		if b := value[i]; b < ' ' && b != '\t' || b == 0x7f {
			return fmt.Errorf("the value of header %q has a line break or control character", name)
		}
	}
	return nil
}

// tokenChars are those of a header's name: RFC 9110, section 5.6.2.
const tokenChars = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
