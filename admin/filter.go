package admin

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// InvocationFilter selects invocations: those that each of its fields selects. The zero
// value selects all that have not completed. A field that is empty does not restrict.
type InvocationFilter struct {
	// IDs of invocations.
	IDs []string
	// Services and Handlers by name, and Keys of objects and workflows.
	Services, Handlers, Keys []string
	// DeploymentIDs of the deployments that the invocations are bound to, or
	// [NotBound]: see [Invocation].
	DeploymentIDs []string
	// Deployment selects by what has become of the deployment that they are bound to.
	Deployment DeploymentState
	// Statuses, default all but [StatusCompleted]. See [AllStatuses].
	Statuses []InvocationStatus
	// InvokedBy has the ids of the invocations that called or sent them.
	InvokedBy []string
	// InvokedByServices has the names of the services that called or sent them.
	InvokedByServices []string
	// SubscriptionIDs of the Kafka subscriptions that made them.
	SubscriptionIDs []string
	// IdempotencyKeys that they were called with.
	IdempotencyKeys []string
	// TraceIDs of the traces that they belong to, as 32 hexadecimal digits. restate-server
	// 1.7.12 knows them of invocations that come with a trace from outside, not of those that
	// these call.
	TraceIDs []string
	// RestartedFrom has the ids of the invocations that they are a restart of.
	RestartedFrom []string
	// CreatedBefore and CreatedAfter bound when they were created: neither includes the
	// time itself.
	CreatedBefore, CreatedAfter time.Time
	// ModifiedBefore leaves out invocations that have changed at that time or since: see
	// Invocation.ModifiedAt.
	ModifiedBefore time.Time
	// MinRetries leaves out invocations with a smaller RetryCount. Paused ones are
	// not left out, because the server forgets their count.
	MinRetries int
	// Limit is the most invocations that are selected. The default is 100 for
	// [Client.Invocations], and no limit for [Client.Batch].
	Limit int
}

// DeploymentState is what has become of the deployment that an invocation is bound to.
type DeploymentState int

const (
	// AnyDeployment does not restrict.
	AnyDeployment DeploymentState = iota
	// GoneDeployment selects invocations whose deployment was removed: they cannot go on
	// there.
	GoneDeployment
	// OldDeployment selects invocations whose deployment is not, or no longer, the latest of
	// their service, GoneDeployment included. Nothing may be wrong with it, but it must keep
	// running for them.
	OldDeployment
)

func (d DeploymentState) condition() condition {
	switch d {
	case GoneDeployment:
		return condition{sql: boundTo + " <> '' AND " + boundTo + " NOT IN (SELECT id FROM sys_deployment)"}
	case OldDeployment:
		return condition{sql: boundTo + " <> '' AND concat(target_service_name, ' ', " + boundTo + ") NOT IN " +
			"(SELECT concat(name, ' ', deployment_id) FROM sys_service)"}
	default:
		return condition{}
	}
}

// everything reports whether the filter restricts nothing.
func (f InvocationFilter) everything() bool {
	return len(f.conditions()) == 0
}

// check finds what the server would refuse with words of its own.
func (f InvocationFilter) check() error {
	if f.Limit < 0 || f.MinRetries < 0 {
		return fmt.Errorf("admin: InvocationFilter: Limit %d and MinRetries %d must not be negative", f.Limit, f.MinRetries)
	}
	if f.Deployment.condition().sql == "" && f.Deployment != AnyDeployment {
		return fmt.Errorf("admin: InvocationFilter: there is no DeploymentState %d", f.Deployment)
	}
	return errors.Join(checkIDs(f.IDs...), checkIDs(f.InvokedBy...), checkIDs(f.RestartedFrom...))
}

// conditions are what the fields say, without Limit and without the default of Statuses.
func (f InvocationFilter) conditions() conditions {
	return conditions(nil).
		add(in("id", f.IDs)).
		add(in("target_service_name", f.Services)).
		add(in("target_handler_name", f.Handlers)).
		add(in("target_service_key", f.Keys)).
		add(in(boundTo, f.DeploymentIDs)).
		add(f.Deployment.condition()).
		add(in("status", f.Statuses)).
		add(in("invoked_by_id", f.InvokedBy)).
		add(in("invoked_by_service_name", f.InvokedByServices)).
		add(in("invoked_by_subscription_id", f.SubscriptionIDs)).
		add(in("idempotency_key", f.IdempotencyKeys)).
		add(in("trace_id", f.TraceIDs)).
		add(in("restarted_from", f.RestartedFrom)).
		add(compare("created_at < ?", f.CreatedBefore)).
		add(compare("created_at > ?", f.CreatedAfter)).
		add(compare("modified_at < ?", f.ModifiedBefore)).
		add(compare("(status = 'paused' OR retry_count >= ?)", f.MinRetries))
}

// selected are the conditions with the default of Statuses.
func (f InvocationFilter) selected() conditions {
	if len(f.Statuses) == 0 {
		return f.conditions().add(notCompleted)
	}
	return f.conditions()
}

// condition is a part of a query with placeholders. An empty one does not restrict.
type condition struct {
	sql  string
	args []any
}

// conditions are conditions that all must be so.
type conditions []condition

func (c conditions) add(more condition) conditions {
	if more.sql == "" {
		return c
	}
	return append(c, more)
}

// where returns the conditions as the part of a query, and the arguments of it.
func (c conditions) where() (sql string, args []any) {
	for i, one := range c {
		if i == 0 {
			sql = " WHERE "
		} else {
			sql += " AND "
		}
		sql += one.sql
		args = append(args, one.args...)
	}
	return sql, args
}

// in compares an expression with values, and is empty for none.
func in[T ~string](expression string, values []T) condition {
	if len(values) == 0 {
		return condition{}
	}
	return condition{expression + " IN (?)", []any{values}}
}

// compare is the condition with its only argument, and is empty for the zero value.
func compare[T comparable](sql string, value T) condition {
	if value == *new(T) {
		return condition{}
	}
	return condition{sql, []any{value}}
}

var notCompleted = condition{sql: "status <> 'completed'"}

// boundTo is the deployment of an invocation. An attempt that runs and has
// journaled nothing may pin its invocation any time.
const boundTo = "coalesce(pinned_deployment_id, CASE WHEN status = 'running' THEN last_attempt_deployment_id END, '')"

// columns are the columns of an Invocation.
var columns = strings.Join([]string{
	"id", "target_service_name AS service", "target_handler_name AS handler", "target_service_key AS key", "status",
	boundTo + " AS deployment_id",
	"created_at", "modified_at", "completed_at", "scheduled_start_at AS scheduled_at",
	"retry_count", "next_retry_at",
	cut("last_failure") + " AS last_failure", "last_failure_error_code AS last_failure_code",
	"last_failure_related_command_type AS last_command_type", "last_failure_related_command_name AS last_command_name",
	cut("completion_failure") + " AS failure",
	"invoked_by", "invoked_by_id", "invoked_by_target", "idempotency_key", "trace_id", "restarted_from",
}, ", ")
