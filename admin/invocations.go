package admin

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/fxrestate/go/internal/httpclient"
)

// InvocationStatus says what an invocation does, or waits for.
type InvocationStatus string

// The statuses of invocations, as sys_invocation has them.
const (
	// StatusScheduled: it was sent with a delay, which is not over.
	StatusScheduled InvocationStatus = "scheduled"
	// StatusPending: it waits for other invocations of the same key.
	StatusPending InvocationStatus = "pending"
	// StatusReady: it waits for the server to start or continue it.
	StatusReady InvocationStatus = "ready"
	// StatusRunning: a handler runs, at least as far as the server knows.
	StatusRunning InvocationStatus = "running"
	// StatusSuspended: it waits for a timer, a call or an awakeable, without a
	// running handler.
	StatusSuspended InvocationStatus = "suspended"
	// StatusBackingOff: an attempt failed, and the next one is due later.
	StatusBackingOff InvocationStatus = "backing-off"
	// StatusPaused: all attempts of its retry policy failed, its handler asked for it, or
	// somebody paused it. It waits to be resumed.
	StatusPaused InvocationStatus = "paused"
	// StatusCompleted: it has ended with a result or a failure.
	StatusCompleted InvocationStatus = "completed"
)

// Invocation is what the server knows of one invocation at one moment.
type Invocation struct {
	ID      string `json:"id"`
	Service string `json:"service"`
	Handler string `json:"handler"`
	// Key of the object or workflow, as the caller sent it: quote it in texts for
	// people. Empty for plain services.
	Key    string           `json:"key"`
	Status InvocationStatus `json:"status"`

	// DeploymentID is the deployment that the invocation is bound to, or [NotBound].
	// The server pins an invocation to a deployment with the first command in its
	// journal. Before that an invocation is bound only while it runs, to the
	// deployment of the attempt. So even a suspended, paused or backing-off
	// invocation may be bound to none: its next attempt runs on the deployment that
	// is the latest of the service then.
	DeploymentID string `json:"deployment_id"`

	CreatedAt time.Time `json:"created_at"`
	// ModifiedAt is when the invocation last changed its status or was pinned. A
	// failed attempt that is retried changes nothing.
	ModifiedAt time.Time `json:"modified_at"`
	// CompletedAt is zero for an invocation that has not completed.
	CompletedAt time.Time `json:"completed_at,omitzero"`
	// ScheduledAt is when an invocation that was sent with a delay is or was due, and
	// zero for others.
	ScheduledAt time.Time `json:"scheduled_at,omitzero"`

	// RetryCount is the number of attempts, the current one included, since the
	// invocation last suspended. The server has it in memory, and starts again when
	// another node takes over. It is 0 while no attempt was made, and for suspended
	// and most paused invocations.
	RetryCount int `json:"retry_count"`
	// NextRetryAt is when the next attempt is due, and zero if none is planned.
	NextRetryAt time.Time `json:"next_retry_at,omitzero"`
	// LastFailure is the error of the last attempt among those that RetryCount counts
	// that failed, on one line of at most 1000 characters. For a paused invocation it
	// is why it was paused. Empty if no attempt failed, or the server no longer knows.
	LastFailure string `json:"last_failure"`
	// LastFailureCode is Restate's code of that error, such as RT0007. See
	// https://docs.restate.dev/references/errors.
	LastFailureCode string `json:"last_failure_code"`
	// LastCommandType and LastCommandName are the command in the journal that the error is
	// about, such as "Run" and the name of a step. Empty if it is about none.
	LastCommandType string `json:"last_command_type"`
	LastCommandName string `json:"last_command_name"`
	// Failure is the error that a completed invocation has ended with, on one line of at
	// most 1000 characters. Empty if it has ended with a result.
	Failure string `json:"failure"`

	// InvokedBy is what has made the invocation: "ingress", "service", "subscription" or
	// "restart_as_new".
	InvokedBy string `json:"invoked_by"`
	// InvokedByID and InvokedByTarget are the invocation that has called or sent this one,
	// if InvokedBy is "service".
	InvokedByID     string `json:"invoked_by_id"`
	InvokedByTarget string `json:"invoked_by_target"`
	// IdempotencyKey that it was called with, or empty.
	IdempotencyKey string `json:"idempotency_key"`
	// TraceID of the trace that it belongs to, as 32 hexadecimal digits, or empty.
	TraceID string `json:"trace_id"`
	// RestartedFrom is the invocation that this one is a restart of, or empty.
	RestartedFrom string `json:"restarted_from"`
}

// AllStatuses returns all statuses, for filters that select completed invocations too.
func AllStatuses() []InvocationStatus {
	return []InvocationStatus{
		StatusScheduled, StatusPending, StatusReady, StatusRunning, StatusSuspended, StatusBackingOff, StatusPaused, StatusCompleted,
	}
}

// defaultLimit is the default of InvocationFilter.Limit.
const defaultLimit = 100

// Invocations returns the invocations that a filter selects, those first that have not
// changed for longest. Count with [Client.InFlight]: that does not list.
func (c *Client) Invocations(ctx context.Context, f InvocationFilter) ([]Invocation, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	return c.invocations(ctx, f.selected(), cmp.Or(f.Limit, defaultLimit))
}

// invocations returns the invocations for which the conditions hold.
func (c *Client) invocations(ctx context.Context, selected conditions, limit int) ([]Invocation, error) {
	where, args := selected.where()
	found, err := Query[Invocation](ctx, c, "SELECT "+columns+" FROM sys_invocation"+where+" ORDER BY modified_at, id LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, err
	}
	if err := c.addPauses(ctx, found); err != nil {
		return nil, err
	}
	for i := range found {
		found[i].LastFailure = httpclient.OneLine(found[i].LastFailure, maxMessage)
		found[i].Failure = httpclient.OneLine(found[i].Failure, maxMessage)
		found[i].LastFailureCode = httpclient.OneLine(found[i].LastFailureCode, maxMessage)
		found[i].LastCommandName = httpclient.OneLine(found[i].LastCommandName, maxMessage)
	}
	return found, nil
}

// addPauses adds why paused invocations were paused. That is in their journals, because
// the server forgets the failure of an attempt when its retry policy is used up.
func (c *Client) addPauses(ctx context.Context, found []Invocation) error {
	var paused []string
	for _, i := range found {
		if i.Status == StatusPaused && i.LastFailure == "" {
			paused = append(paused, i.ID)
		}
	}
	if len(paused) == 0 {
		return nil
	}
	type event struct {
		ID      string `json:"id"`
		Failure string `json:"failure"`
		Code    string `json:"code"`
	}
	events, err := Query[event](ctx, c, "SELECT id, "+cut("json_get_str(event_json, 'last_failure', 'error_message')")+" AS failure, "+
		"json_get_str(event_json, 'last_failure', 'restate_doc_error_code') AS code FROM sys_journal_events "+
		"WHERE event_type = 'Paused' AND id IN (?) ORDER BY appended_at", paused)
	if err != nil {
		return err
	}
	last := make(map[string]event, len(events))
	for _, e := range events {
		last[e.ID] = e
	}
	for i := range found {
		if e, ok := last[found[i].ID]; ok && slices.Contains(paused, e.ID) {
			found[i].LastFailure, found[i].LastFailureCode = e.Failure, e.Code
		}
	}
	return nil
}

// cut limits a text already in the server: a failure can be megabytes.
func cut(expression string) string {
	return fmt.Sprintf("left(%s, %d)", expression, 2*maxMessage)
}
