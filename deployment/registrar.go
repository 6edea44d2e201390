package deployment

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/backoff"
)

// The first pauses are short because a server on the same machine starts in less than
// half a second. The last ones suit a server that is down for long.
const (
	firstPause = 100 * time.Millisecond
	maxPause   = 5 * time.Second
)

const (
	// healthTimeout limits one health check, for networks that drop packets
	// silently.
	healthTimeout = 5 * time.Second
	// registerTimeout limits one registration, including the server's own attempts
	// at discovery (measured: 1.8 s against a closed port).
	registerTimeout = time.Minute
)

// Endpoint is the running endpoint that is registered.
type Endpoint struct {
	// Port that the endpoint is bound to, for {{port}}; 0 if it has none.
	Port int
	// Services that this endpoint must serve after the registration.
	Services []string
}

// Registration is a registered endpoint.
type Registration struct {
	DeploymentID string
	// URL of the deployment as the server lists it: with a slash in place of
	// an empty path.
	URL string
	// Created is true if the URL was new to the server.
	Created bool
	// Revisions of the endpoint's services, by name.
	Revisions map[string]int
}

// Registrar registers an endpoint with the admin API. It holds no state
// between registrations and starts no goroutine that outlives a call.
type Registrar struct {
	client *admin.Client
	config Config
	log    *slog.Logger
}

// NewRegistrar checks the configuration and makes no call. If log is nil, nothing
// is logged.
func NewRegistrar(client *admin.Client, config Config, log *slog.Logger) (*Registrar, error) {
	if client == nil {
		return nil, errors.New("deployment: registrar without an admin client")
	}
	if err := config.Validate(); err != nil {
		return nil, err
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Registrar{client: client, config: config, log: log}, nil
}

// Register waits for the admin API, registers the endpoint, and checks that the server
// routes the endpoint's services to it. The endpoint must be serving, because the server
// calls it. A proxy in front of the admin API must pass GET /health, POST /deployments
// and POST /query.
//
// Register retries until ctx ends, with growing and jittered pauses of at most 5
// seconds. It retries when the admin API does not respond, is overloaded or
// fails, and when the server cannot reach the endpoint (META0003): on an
// orchestrated network the route may open later than the endpoint. Give ctx a
// deadline to limit this. The log has the first failure, each failure that
// differs from the one before, and the same failure again at growing intervals.
//
// Errors:
//   - the endpoint has no port for the placeholder: wraps [ErrNoPort].
//   - ctx ended: an [*UnfinishedError], which wraps the cause of that and the
//     last failure. Registering again may succeed.
//   - the admin API rejected the registration, with a status 4xx or one of the
//     other error codes: wraps the [*admin.Error], whose text has a hint.
//     Registering again fails until the cause is removed.
//   - the server does not route the services to the endpoint: wraps a
//     [*NotServedError].
func (r *Registrar) Register(ctx context.Context, endpoint Endpoint) (Registration, error) {
	url, err := resolveURL(r.config.URL, endpoint.Port)
	if err != nil {
		return Registration{}, err
	}
	tried := newProgress(r.log, r.client.URL(), url)
	pauses := backoff.New(firstPause, maxPause)
	for {
		registration, err := r.attempt(ctx, url, endpoint.Services)
		tried.attempts++
		switch {
		case err == nil:
			tried.done(ctx, registration)
			return registration, nil
		case ctx.Err() != nil:
			return Registration{}, tried.unfinished(ctx, err)
		case !admin.Retryable(err):
			return Registration{}, fmt.Errorf("deployment: register %s: %s: %w", url, tried.effort(), err)
		}
		tried.failed(ctx, err)
		if !backoff.Sleep(ctx, pauses.Next()) {
			return Registration{}, tried.unfinished(ctx, err)
		}
	}
}

func (r *Registrar) attempt(ctx context.Context, url string, services []string) (Registration, error) {
	if err := r.checkHealth(ctx); err != nil {
		return Registration{}, err
	}
	registered, err := r.post(ctx, url)
	if err != nil {
		return Registration{}, err
	}
	revisions, err := r.readBack(ctx, registered.ID, services)
	if err != nil {
		return Registration{}, err
	}
	return Registration{
		DeploymentID: registered.ID,
		URL:          listedURL(url),
		Created:      registered.Created,
		Revisions:    revisions,
	}, nil
}

func (r *Registrar) checkHealth(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	return r.client.Health(ctx)
}

func (r *Registrar) post(ctx context.Context, url string) (admin.RegisteredDeployment, error) {
	ctx, cancel := context.WithTimeout(ctx, registerTimeout)
	defer cancel()
	return r.client.RegisterDeployment(ctx, admin.RegisterDeploymentRequest{
		URI:               url,
		Force:             r.config.Force == nil || *r.config.Force,
		Metadata:          r.config.Metadata,
		AdditionalHeaders: r.config.AdditionalHeaders,
		UseHTTP11:         r.config.UseHTTP11,
	})
}
