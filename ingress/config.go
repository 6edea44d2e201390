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

	// Headers are sent with each request. Host is the host that requests are for.
	// Headers of the context ([WithHeader]) override them, and headers of a call
	// (restate.WithHeaders) override both. They reach the
	// handler, except those that the server keeps for itself. Headers about the
	// connection or the length of a message, such as Connection and
	// Content-Length, are an error: net/http sets its own.
	//
	// The value of a header is a secret, which errors do not show, if a word of
	// its name ends with auth, authorization, cookie, credential, jwt, key,
	// password, passwd, secret, session, signature or token, or the plural.
	Headers map[string]string

	// HTTPClient makes the requests. For a traced transport, wrap [NewTransport].
	// A client without a Transport gets [NewTransport]'s. Redirects are not
	// followed unless its CheckRedirect says so. Default: a client without a time
	// limit, since a call lasts as long as its handler. Limit a call by its
	// context.
	HTTPClient *http.Client

	// Retry says how requests that are safe to repeat are retried.
	Retry Retry

	// Canceller cancels invocations for [Handle.Cancel]. Package fxrestate sets
	// it to the application's *admin.Client. Default: nil, and Cancel returns an
	// error.
	Canceller Canceller

	// Logger gets the few warnings of the client, each once. Default:
	// [slog.Default].
	Logger *slog.Logger
}

// Retry says how a request is retried. A request is retried if its connection broke, or
// if the status is 408, 425, 429 or 500 and more and is not the handler's own. Only
// requests that are safe to repeat are retried:
//
//   - calls and sends with an idempotency key
//   - the submission of a workflow, which is a [Send] to its main handler. The
//     workflow's id serves as the key. A call of the main handler is not retried, since
//     the server rejects a second one. Nor is a send by name, which may be to an object.
//   - [Handle.Attach], [Handle.Output] and [Handle.ID]
//
// Waits grow by a factor of 2, with jitter. A Retry-After in the response makes a wait
// longer. Retries end at a Retry-After of more than a minute, which the error carries,
// and where the context would end before the wait does.
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
		Own: ownHeaders(),
	}
}
