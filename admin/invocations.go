package admin

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
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

	// RetryCount is the number of attempts, the current one included, since the
	// invocation last suspended. The server has it in memory, and starts again when
	// another node takes over. It is 0 while no attempt was made, and for suspended
	// and most paused invocations.
	RetryCount int `json:"retry_count"`
	// NextRetryAt is when the next attempt is due, and zero if none is planned.
	NextRetryAt time.Time `json:"next_retry_at"`
	// LastFailure is the error of the last attempt among those that RetryCount counts
	// that failed, on one line of at most 1000 characters. For a paused invocation it
	// is why it was paused. Empty if no attempt failed, or the server no longer knows.
	LastFailure string `json:"last_failure"`
	// LastFailureCode is Restate's code of that error, such as RT0007. See
	// https://docs.restate.dev/references/errors.
	LastFailureCode string `json:"last_failure_code"`
	// Failure is the error that a completed invocation has ended with, on one line of at
	// most 1000 characters. Empty if it has ended with a result.
	Failure string `json:"failure"`
}

// InvocationFilter selects invocations. The zero value selects all that have not
// completed. A field that is empty does not restrict.
type InvocationFilter struct {
	// IDs of invocations. What is not an id is an error of the server.
	IDs []string
	// Services by name.
	Services []string
	// DeploymentIDs of the deployments that the invocations are bound to, or
	// [NotBound]: see [Invocation].
	DeploymentIDs []string
	// Statuses, default all but [StatusCompleted].
	Statuses []InvocationStatus
	// MinRetries leaves out invocations with a smaller RetryCount. Paused ones are
	// not left out, because the server forgets their count.
	MinRetries int
	// Limit is the most invocations that are returned, default 100.
	Limit int
}

// defaultLimit is the default of InvocationFilter.Limit.
const defaultLimit = 100

// Invocations returns the invocations that a filter selects, those first that have not
// changed for longest. Count with [Client.InFlight]: that does not list.
func (c *Client) Invocations(ctx context.Context, f InvocationFilter) ([]Invocation, error) {
	sql, err := f.sql()
	if err != nil {
		return nil, err
	}
	found, err := Query[Invocation](ctx, c, sql)
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
	}
	return found, nil
}

func (f InvocationFilter) sql() (string, error) {
	if f.Limit < 0 || f.MinRetries < 0 {
		return "", fmt.Errorf("admin: InvocationFilter: Limit %d and MinRetries %d must not be negative", f.Limit, f.MinRetries)
	}
	if f.Limit == 0 {
		f.Limit = defaultLimit
	}
	conditions := []string{in("id", f.IDs), in("target_service_name", f.Services), in(boundTo, f.DeploymentIDs), in("status", f.Statuses)}
	if len(f.Statuses) == 0 {
		conditions = append(conditions, notCompleted)
	}
	if f.MinRetries > 0 {
		conditions = append(conditions, fmt.Sprintf("(status = %s OR retry_count >= %d)", Quote(string(StatusPaused)), f.MinRetries))
	}
	return "SELECT id, target_service_name AS service, target_handler_name AS handler, target_service_key AS key, status, " +
		boundTo + " AS deployment_id, created_at, modified_at, retry_count, next_retry_at, " +
		cut("last_failure") + " AS last_failure, last_failure_error_code AS last_failure_code, " +
		cut("completion_failure") + " AS failure FROM sys_invocation" +
		where(conditions...) + " ORDER BY modified_at, id LIMIT " + strconv.Itoa(f.Limit), nil
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
		"json_get_str(event_json, 'last_failure', 'restate_doc_error_code') AS code FROM sys_journal_events"+
		where("event_type = 'Paused'", in("id", paused))+" ORDER BY appended_at")
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

const (
	notCompleted = "status <> 'completed'"
	// boundTo is the deployment of an invocation. An attempt that runs and has
	// journaled nothing may pin its invocation any time.
	boundTo = "coalesce(pinned_deployment_id, CASE WHEN status = 'running' THEN last_attempt_deployment_id END, '')"
)

// where joins conditions; empty ones do not restrict.
func where(conditions ...string) string {
	conditions = slices.DeleteFunc(conditions, func(c string) bool { return c == "" })
	if len(conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(conditions, " AND ")
}

// in compares an expression with values, and is empty for none.
func in[T ~string](expression string, values []T) string {
	if len(values) == 0 {
		return ""
	}
	quoted := make([]string, len(values))
	for i, value := range values {
		quoted[i] = Quote(string(value))
	}
	return expression + " IN (" + strings.Join(quoted, ", ") + ")"
}

// cut limits a text already in the server: a failure can be megabytes.
func cut(expression string) string {
	return fmt.Sprintf("left(%s, %d)", expression, 2*maxMessage)
}
