package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
)

// Operation is what [Client.Batch] does with each invocation.
type Operation string

// The operations, which are those of the methods for one invocation.
const (
	// OperationCancel is [Client.CancelInvocation].
	OperationCancel Operation = "cancel"
	// OperationKill is [Client.KillInvocation].
	OperationKill Operation = "kill"
	// OperationPause is [Client.PauseInvocation]. Without InvocationFilter.Statuses it takes
	// running and backing-off invocations.
	OperationPause Operation = "pause"
	// OperationResume is [Client.ResumeInvocation]. Without InvocationFilter.Statuses it takes
	// paused invocations.
	OperationResume Operation = "resume"
	// OperationRestart is [Client.RestartInvocation]. Without InvocationFilter.Statuses it takes
	// completed invocations, and so do the following.
	OperationRestart Operation = "restart"
	// OperationPurge is [Client.PurgeInvocation].
	OperationPurge Operation = "purge"
	// OperationPurgeJournal is [Client.PurgeJournal].
	OperationPurgeJournal Operation = "purge-journal"
)

// BatchOptions are what [Client.Batch] may be told.
type BatchOptions struct {
	// DryRun only returns the ids of the invocations that would be taken.
	DryRun bool
	// All allows a filter that restricts nothing: it takes the invocations of all services.
	All bool
	// Deployment for OperationResume and OperationRestart, as [Client.ResumeInvocation] and
	// [RestartOptions] have it.
	Deployment string
	// From for OperationRestart, as [RestartOptions] has it.
	From int
	// Progress is called as the batch proceeds, by one goroutine at a time, with how many of
	// all invocations are done.
	Progress func(done, all int)
}

// BatchResult says what has become of each invocation of a batch.
type BatchResult struct {
	// IDs that the filter selected when the batch began, those first that have not changed
	// for longest.
	IDs []string `json:"ids"`
	// Succeeded is for how many of them the server has accepted the operation.
	Succeeded int `json:"succeeded"`
	// Skipped are the ids that the filter no longer selected when it was their turn.
	Skipped []string `json:"skipped,omitempty"`
	// Failures are those for which the server has not accepted it, for instance because they
	// have completed meanwhile.
	Failures []BatchFailure `json:"failures,omitempty"`
	// Restarted has the new id of each invocation that OperationRestart has restarted.
	Restarted map[string]string `json:"restarted,omitempty"`
}

// BatchFailure is an invocation for which the server has not accepted an operation.
type BatchFailure struct {
	ID  string `json:"id"`
	Err *Error `json:"-"`
}

// Error returns the id and the server's explanation.
func (f BatchFailure) Error() string { return f.ID + ": " + f.Err.Error() }

// Unwrap returns the error of the call.
func (f BatchFailure) Unwrap() error { return f.Err }

const (
	// batchPage is after how many invocations a batch looks again what is selected.
	batchPage = 256
	// batchCalls is how many calls of a batch run at a time.
	batchCalls = maxIdleConnections
)

// Batch does the same with all invocations that a filter selects. Each method call is one
// call of the API for each invocation, some at a time: the batch operations that the server
// has for its own page are not part of the described API.
//
// The invocations are selected once, at the beginning, so those that are made meanwhile are
// not taken. Every 256 invocations the batch looks again which of the next ones are still
// selected. Nothing is undone when it ends early: for an error that is not about one
// invocation, such as a lost connection, a refused token or the end of ctx, it returns that
// error and what was done so far. Failures of single invocations are in the result only.
//
// A filter that restricts nothing is an error without [BatchOptions].All.
func (c *Client) Batch(ctx context.Context, operation Operation, f InvocationFilter, options BatchOptions) (BatchResult, error) {
	var result BatchResult
	do, err := c.operation(operation, options)
	if err != nil {
		return result, err
	}
	if err := f.check(); err != nil {
		return result, err
	}
	if f.everything() && !options.All {
		return result, errors.New("admin: the filter of a batch restricts nothing: set a field of it, or BatchOptions.All for the invocations of all services")
	}
	if len(f.Statuses) == 0 {
		f.Statuses = operation.statuses()
	}
	if result.IDs, err = c.selectIDs(ctx, f.selected(), f.Limit); err != nil || options.DryRun {
		return result, err
	}
	done := 0
	for page := range slices.Chunk(result.IDs, batchPage) {
		if done > 0 {
			if page, err = c.stillSelected(ctx, f, page, &result); err != nil {
				return result, err
			}
			done = len(result.Skipped) + result.Succeeded + len(result.Failures)
		}
		err := inTurn(ctx, page, do, func(id, newID string, failed *Error) {
			result.add(id, newID, failed)
			if done++; options.Progress != nil {
				options.Progress(done, len(result.IDs))
			}
		})
		if err != nil {
			return result, err
		}
	}
	return result, nil
}

func (r *BatchResult) add(id, newID string, failed *Error) {
	switch {
	case failed != nil:
		r.Failures = append(r.Failures, BatchFailure{id, failed})
		return
	case newID != "":
		if r.Restarted == nil {
			r.Restarted = map[string]string{}
		}
		r.Restarted[id] = newID
	}
	r.Succeeded++
}

// operation returns the call for one invocation, which returns an id if it makes a new one.
func (c *Client) operation(o Operation, options BatchOptions) (func(ctx context.Context, id string) (string, error), error) {
	plain := func(do func(ctx context.Context, id string) error) func(context.Context, string) (string, error) {
		return func(ctx context.Context, id string) (string, error) { return "", do(ctx, id) }
	}
	restart := RestartOptions{From: options.From, Deployment: options.Deployment}
	switch {
	case options.From != 0 && o != OperationRestart:
		return nil, fmt.Errorf("admin: BatchOptions.From does not go with the operation %q", o)
	case options.Deployment != "" && o != OperationRestart && o != OperationResume:
		return nil, fmt.Errorf("admin: BatchOptions.Deployment does not go with the operation %q", o)
	}
	switch o {
	case OperationCancel:
		return plain(c.CancelInvocation), nil
	case OperationKill:
		return plain(c.KillInvocation), nil
	case OperationPause:
		return plain(c.PauseInvocation), nil
	case OperationResume:
		return plain(func(ctx context.Context, id string) error { return c.ResumeInvocation(ctx, id, options.Deployment) }), nil
	case OperationPurge:
		return plain(c.PurgeInvocation), nil
	case OperationPurgeJournal:
		return plain(c.PurgeJournal), nil
	case OperationRestart:
		return func(ctx context.Context, id string) (string, error) { return c.RestartInvocation(ctx, id, restart) }, restart.check()
	default:
		return nil, fmt.Errorf("admin: there is no operation %q", o)
	}
}

// statuses are those of the invocations that an operation takes by default; none are all
// but completed ones.
func (o Operation) statuses() []InvocationStatus {
	switch o {
	case OperationPause:
		return []InvocationStatus{StatusRunning, StatusBackingOff}
	case OperationResume:
		return []InvocationStatus{StatusPaused}
	case OperationRestart, OperationPurge, OperationPurgeJournal:
		return []InvocationStatus{StatusCompleted}
	default:
		return nil
	}
}

// selectIDs returns the ids of all invocations for which the conditions hold; a limit of 0 is
// none.
func (c *Client) selectIDs(ctx context.Context, selected conditions, limit int) ([]string, error) {
	where, args := selected.where()
	sql := "SELECT id FROM sys_invocation" + where + " ORDER BY modified_at, id"
	if limit > 0 {
		sql, args = sql+" LIMIT ?", append(args, limit)
	}
	var ids []string
	for row, err := range QueryEach[struct{ ID string }](ctx, c, sql, args...) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, row.ID)
	}
	return ids, nil
}

// stillSelected returns the ids of a page that a filter selects now, and adds the others to
// what is skipped.
func (c *Client) stillSelected(ctx context.Context, f InvocationFilter, page []string, result *BatchResult) ([]string, error) {
	now, err := c.selectIDs(ctx, f.selected().add(in("id", page)), 0)
	if err != nil {
		return nil, err
	}
	selected := make(map[string]bool, len(now))
	for _, id := range now {
		selected[id] = true
	}
	var still []string
	for _, id := range page {
		if selected[id] {
			still = append(still, id)
		} else {
			result.Skipped = append(result.Skipped, id)
		}
	}
	return still, nil
}

// inTurn calls do for each id, some at a time, and tells of each outcome. It stops with the
// first error that is not about one invocation, waits for the calls that run, and returns it.
func inTurn(ctx context.Context, ids []string, do func(ctx context.Context, id string) (string, error), tell func(id, newID string, failed *Error)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		next    = make(chan string)
		calls   sync.WaitGroup
		mu      sync.Mutex // of tell and stopped
		stopped error
	)
	for range min(batchCalls, len(ids)) {
		calls.Go(func() {
			for id := range next {
				newID, err := do(ctx, id)
				mu.Lock()
				var failed *Error
				switch {
				case err == nil || errors.As(err, &failed) && failed.ofInvocation():
					tell(id, newID, failed)
				case stopped == nil:
					stopped = err
					cancel(err)
				}
				mu.Unlock()
			}
		})
	}
	for _, id := range ids {
		select {
		case next <- id:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(next)
	calls.Wait()
	if stopped == nil && ctx.Err() != nil {
		stopped = fmt.Errorf("admin: a batch has ended early: %w", context.Cause(ctx))
	}
	return stopped
}

// ofInvocation reports whether the error is about the invocation that was asked for, so that
// another one may fare better.
func (e *Error) ofInvocation() bool {
	switch e.Status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusGone, http.StatusUnprocessableEntity, http.StatusTooEarly:
		return e.origin == fromServer
	case http.StatusServiceUnavailable: // its partition has no leader
		return e.origin == fromServer
	default:
		return false
	}
}
