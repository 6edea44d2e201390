package deployment

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/event"
	"github.com/fxrestate/go/internal/tally"
)

// UnfinishedError reports that the context of a registration ended before the
// registration succeeded.
type UnfinishedError struct {
	// URL of the endpoint, and of the admin API without credentials.
	URL, AdminURL string
	Attempts      int
	Elapsed       time.Duration
	// Cause is why the context ended.
	Cause error
	// LastFailure is the error of the last attempt that the context did not
	// interrupt.
	LastFailure error
}

// Error returns what was tried, the number of attempts, their duration and the
// last failure.
func (e *UnfinishedError) Error() string {
	return fmt.Sprintf("deployment: register %s with %s: gave up after %s: %v; last failure: %v",
		e.URL, e.AdminURL, effort(e.Attempts, e.Elapsed), e.Cause, e.LastFailure)
}

// Unwrap returns the cause and the last failure.
func (e *UnfinishedError) Unwrap() []error { return []error{e.Cause, e.LastFailure} }

// progress counts the attempts of a registration and limits what is logged.
type progress struct {
	log           *slog.Logger
	url, adminURL string

	began       time.Time
	attempts    int
	lastFailure error

	// lastKind is the kind of the failure that was logged last.
	lastKind string
	reminder tally.Reminder
}

func newProgress(log *slog.Logger, adminURL, url string) *progress {
	return &progress{log: log, adminURL: adminURL, url: url, began: time.Now()}
}

func (p *progress) effort() string { return effort(p.attempts, time.Since(p.began)) }

func effort(attempts int, elapsed time.Duration) string {
	plural := "s"
	if attempts == 1 {
		plural = ""
	}
	return fmt.Sprintf("%d attempt%s in %s", attempts, plural, elapsed.Round(time.Millisecond))
}

// failed records a failure that will be followed by another attempt.
func (p *progress) failed(ctx context.Context, err error) {
	p.lastFailure = err
	kind := failureKind(err)
	if kind != p.lastKind {
		p.lastKind, p.reminder = kind, tally.Reminder{}
	}
	if !p.reminder.Due() {
		return
	}
	event.Log(ctx, p.log, event.RetryingRegistration{
		URL: p.url, AdminURL: p.adminURL, Attempts: p.attempts, Elapsed: time.Since(p.began),
		Unreachable: kind == unreachable, Err: err,
	})
}

func (p *progress) done(ctx context.Context, registration Registration) {
	plan := registration.Plan
	if registration.DeploymentID == "" {
		event.Log(ctx, p.log, event.Planned{URL: plan.URL, Action: string(plan.Action), Reason: plan.Reason, Changes: plan.Lines()})
		return
	}
	at := event.Deployment{
		ID: registration.DeploymentID, URL: registration.URL, Created: registration.Created,
		Action: string(plan.Action), Reason: plan.Reason, Services: slices.Sorted(maps.Keys(registration.Revisions)),
	}
	if plan.Action == None {
		event.Log(ctx, p.log, event.Unchanged(at))
		return
	}
	event.Log(ctx, p.log, event.Registered(at))
}

// unfinished returns the error of a registration whose context has ended, with
// the failure of the last attempt. If the context interrupted that attempt, the
// failure before it says more.
func (p *progress) unfinished(ctx context.Context, last error) error {
	if errors.Is(last, context.Cause(ctx)) && p.lastFailure != nil {
		last = p.lastFailure
	}
	return &UnfinishedError{
		URL:         p.url,
		AdminURL:    p.adminURL,
		Attempts:    p.attempts,
		Elapsed:     time.Since(p.began),
		Cause:       context.Cause(ctx),
		LastFailure: last,
	}
}

const unreachable = "unreachable"

// failureKind groups failures: each kind is worth a log line.
func failureKind(err error) string {
	var refused *admin.Error
	var away *admin.ConnectionError
	switch {
	case errors.As(err, &refused):
		return fmt.Sprint(refused.Status, refused.Code)
	case errors.As(err, &away):
		return unreachable
	default:
		return err.Error()
	}
}
