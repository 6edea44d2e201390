package deployment

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/backoff"
	"github.com/fxrestate/go/internal/manifest"
)

// The first pauses are short because a server on the same machine starts in less than
// half a second. The last ones suit a server that is down for long.
const (
	firstPause = 100 * time.Millisecond
	maxPause   = 5 * time.Second
)

// registerTimeout limits one registration, including the server's own attempts at
// discovery (measured: 1.8 s against a closed port).
const registerTimeout = time.Minute

// Endpoint is the running endpoint that is registered.
type Endpoint struct {
	// Port that the endpoint is bound to, for {{port}}; 0 if it has none.
	Port int
	// Path below Config.URL under which the endpoint serves, such as "/v/2024-11", or
	// empty.
	Path string
	// FreePort is true if the system has chosen the port. Whoever had it before does not
	// listen there any more, so a deployment of another application may be replaced.
	FreePort bool
	// Manifest is the endpoint's answer to discovery, as JSON: endpoint.Manifest.
	Manifest []byte
	// Subscriptions to Kafka of the endpoint's handlers. Those of this application that are
	// not among them are removed.
	Subscriptions []Subscription
	// Program is the one that serves the endpoint, where another one registers it, such as
	// the command line. Default: this program, with Config.Application.
	Program *Program
}

// Program is a program that serves an endpoint.
type Program struct {
	// Application is its name, as in Config. Empty: the deployment is kept without a name,
	// as one that the restate command registers.
	Application string
	// Built is the time of the commit that it was built from. Zero: it is not known, and
	// the program counts as older than none.
	Built time.Time
}

// Registration is a registered endpoint.
type Registration struct {
	DeploymentID string
	// URL of the deployment as the server lists it: with a slash in place of
	// an empty path.
	URL string
	// Created is true if the URL was new to the server.
	Created bool
	// Revisions of the endpoint's services, by name. Of a service that new invocations
	// of go elsewhere there is none.
	Revisions map[string]int
	// Plan is what was done. In mode DryRun it is what would be done, and the rest is
	// empty.
	Plan Plan
}

// Registrar registers an endpoint with the admin API. It is for one endpoint, and not for
// concurrent use: a registration that is tried again goes on with a wait that has begun,
// and does not call the hook again. It starts no goroutine that outlives a call, other
// than that of a hook that does not return.
type Registrar struct {
	client *admin.Client
	config Config
	log    *slog.Logger
	built  time.Time // of the program's source; zero if unknown

	// What further registrations of this process need not repeat.
	told  []MetadataChange // what the hook has been told of
	drain drain            // the wait of the policy WaitDrained
	said  map[string]bool  // lines of the log
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
	return &Registrar{client: client, config: config.WithDefaults(), log: log, built: built(), said: map[string]bool{}}, nil
}

// Register compares what the server knows with the endpoint, registers what has changed,
// and checks that the server routes the endpoint's services to it. The endpoint must be
// serving, because the server calls it. A proxy in front of the admin API must pass GET
// and POST /deployments, GET /services and POST /query, with MoveStranded PATCH
// /deployments, with PauseAndList PATCH /invocations, and with subscriptions GET and POST
// /subscriptions and DELETE /subscriptions/ID.
//
// Register retries until ctx ends, with growing and jittered pauses of at most 5
// seconds. It retries when the admin API does not respond, is overloaded or
// fails, when the server cannot reach the endpoint (META0003), since on an orchestrated
// network the route may open later than the endpoint, and when the server finds another
// version at the URL, whose processes may be about to go. Give ctx a deadline to limit this. The log has the first failure, each failure that
// differs from the one before, and the same failure again at growing intervals.
//
// Errors:
//   - the endpoint has no port for the placeholder: wraps [ErrNoPort].
//   - ctx ended: an [*UnfinishedError], which wraps the cause of that and the
//     last failure. Registering again may succeed.
//   - the admin API rejected the registration, with a status 4xx or one of the
//     other error codes: wraps the [*admin.Error], whose text has a hint.
//     Registering again fails until the cause is removed.
//   - a policy forbids it: an [*InFlightError], a [*SupersededError] or an
//     [*OtherApplicationError].
//   - the hook aborted it: an [*AbortedError].
//   - the server does not route the services to the endpoint, or found others there:
//     wraps a [*NotServedError] or a [*MismatchError].
//
// Then it creates the subscriptions to Kafka that are missing, replaces those with other
// options, and removes what this application subscribed to and no longer declares. Those of
// others stay. A failure of that is an error of the registration, which is tried again as
// such. See the package documentation.
//
// In mode Manual it does nothing.
func (r *Registrar) Register(ctx context.Context, endpoint Endpoint) (Registration, error) {
	if r.config.Mode == Manual {
		return Registration{}, nil
	}
	run, err := r.newRun(endpoint)
	if err != nil {
		return Registration{}, err
	}
	tried := newProgress(r.log, r.client.URL(), run.written)
	pauses := backoff.New(firstPause, maxPause)
	for {
		registration, err := run.register(ctx)
		tried.attempts++
		var aborted *AbortedError
		switch {
		case err == nil:
			tried.done(ctx, registration)
			return registration, nil
		case errors.As(err, &aborted):
			return Registration{}, fmt.Errorf("deployment: register %s: %w", run.written, err)
		case ctx.Err() != nil:
			return Registration{}, tried.unfinished(ctx, err)
		case !admin.Retryable(err):
			return Registration{}, fmt.Errorf("deployment: register %s: %s: %w", run.written, tried.effort(), err)
		}
		tried.failed(ctx, err)
		if !backoff.Sleep(ctx, pauses.Next()) {
			return Registration{}, tried.unfinished(ctx, err)
		}
	}
}

// Plan returns what Register would do, and writes nothing. A policy or another application
// that stands in the way is the error, beside the plan as far as it was made. Nothing is
// retried.
func (r *Registrar) Plan(ctx context.Context, endpoint Endpoint) (Plan, error) {
	run, err := r.newRun(endpoint)
	if err != nil {
		return Plan{}, err
	}
	list, err := run.look(ctx)
	if err != nil {
		return Plan{}, fmt.Errorf("deployment: plan for %s: %w", run.written, err)
	}
	plan, err := run.planned(ctx, list)
	if err != nil {
		return plan, fmt.Errorf("deployment: plan for %s: %w", run.written, err)
	}
	return plan, nil
}

// Check asks the server what it finds at the URL of the endpoint, as a registration would
// register it, and registers nothing. Beside the answer the error is a [*MismatchError] if that
// is not what the endpoint says of itself. Nothing is retried.
func (r *Registrar) Check(ctx context.Context, endpoint Endpoint) (admin.Deployment, error) {
	run, err := r.newRun(endpoint)
	if err != nil {
		return admin.Deployment{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, registerTimeout)
	defer cancel()
	found, err := r.client.DryRun(ctx, run.request(Replace))
	if err == nil {
		err = checkAll(found, run.url, run.manifest)
	}
	if err != nil {
		err = fmt.Errorf("deployment: check %s: %w", run.written, err)
	}
	return found, err
}

// ManifestOf asks a handler of the SDK for Endpoint.Manifest. It is for endpoints that
// were not made with package endpoint. One with identity keys does not answer it.
func ManifestOf(ctx context.Context, handler http.Handler) ([]byte, error) {
	m, err := manifest.Of(ctx, handler)
	if err != nil {
		return nil, fmt.Errorf("deployment: manifest: %w", err)
	}
	return m, nil
}
