package ingress

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/fxrestate/go/internal/httpclient"
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
	// Restate Cloud asks for one; a server of one's own does not by itself.
	// There is one Authorization: next to it none may be in URL or Headers.
	AuthToken string

	// Headers are sent with each request, Host as the host that requests are
	// for. What a call gives with restate.WithHeaders overrides them. They reach
	// the handler, except those that the server keeps for itself. Headers that
	// are about the connection or the length of a message, such as Connection
	// and Content-Length, are a mistake: net/http has its own. A value is taken
	// for a secret, which errors do not show, when a word of the header's name
	// ends with auth, authorization, cookie, credential, jwt, key, password,
	// passwd, secret, session, signature or token, or the plural.
	Headers map[string]string

	// HTTPClient does the requests, for instance one whose transport is
	// traced; wrap [NewTransport] then. Without a Transport of its own it
	// gets [NewTransport]'s, and redirects are not followed unless its
	// CheckRedirect says so. Default: a client with no time limit, since a
	// call lasts as long as its handler: limit calls by their context.
	HTTPClient *http.Client

	// Retry says how requests that are safe to repeat are repeated.
	Retry Retry

	// Canceller does [Handle.Cancel]. Default: none, and Cancel is an error.
	// Package fxrestate sets it to the client of the admin API.
	Canceller Canceller

	// Logger gets the few warnings of the client, each once. Default:
	// [slog.Default].
	Logger *slog.Logger
}

// Retry says how a request is repeated that broke or was turned away for the
// time being: no connection, or a status 408, 425, 429 or from 500 on that is not
// the handler's own. Only requests that are safe to repeat are repeated at all:
//
//   - calls and sends with an idempotency key
//   - the submission of a workflow, a [Send] of its main handler: the workflow's id
//     does what a key does. A second call of it is refused, so calls are not
//     repeated, and neither are sends by name, which may be to an object.
//   - [Handle.Attach], [Handle.Output] and [Handle.ID]
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
	for _, err := range c.settings().Validate() {
		problem("%w", err)
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

// settings are what the configuration says about all requests.
func (c Config) settings() httpclient.Settings {
	return httpclient.Settings{
		URL: c.URL, DefaultURL: DefaultURL, AuthToken: c.AuthToken, Headers: c.Headers,
		Own: map[string]string{
			contentTypeHeader:    "is that of each call's input; leave it out",
			idempotencyKeyHeader: "would make all calls one; give each call its own with restate.WithIdempotencyKey",
		},
	}
}
