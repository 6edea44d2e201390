package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// Values for the deployment of ResumeInvocation, other than a deployment id.
const (
	// ResumeOnPinned continues on the deployment that the invocation started on.
	ResumeOnPinned = ""
	// ResumeOnLatest moves the invocation to the latest deployment of its
	// service.
	ResumeOnLatest = "latest"
)

// CancelInvocation asks an invocation and the invocations that it called to stop
// and to compensate. It returns when the request is accepted. What follows depends on
// the invocation's status:
//
//   - running or suspended: it ends when its handler next waits for anything, so
//     not at all if it never does.
//   - backing off: the same, from its next attempt on. [Client.ResumeInvocation]
//     makes that attempt at once.
//   - paused: it continues, as if it was resumed, and then is cancelled.
//   - scheduled or pending: the server removes it at once.
//
// The error is an [*Error] with status 409 for an invocation that has completed, with
// 404 for an unknown one. What cannot be the id of an invocation is an [ErrInvocationID],
// and no call.
func (c *Client) CancelInvocation(ctx context.Context, id string) error {
	return c.changeInvocation(ctx, id, "cancel", nil)
}

// KillInvocation ends an invocation at once, whatever its status, without
// compensation, so state may be left half changed. A scheduled or pending one is
// removed. Errors are those of CancelInvocation.
func (c *Client) KillInvocation(ctx context.Context, id string) error {
	return c.changeInvocation(ctx, id, "kill", nil)
}

// PauseInvocation stops an invocation until it is resumed. It returns when the
// request is accepted. What follows depends on the invocation's status:
//
//   - running: the server asks the attempt to suspend, and pauses the invocation as
//     soon as its handler waits for anything. An attempt that does not wait, because
//     a step takes long for instance, goes on until the abort timeout (default 10
//     minutes) cuts it.
//   - backing off: it is paused at once.
//   - paused: it stays paused.
//   - suspended: it is not paused. restate-server 1.7.12 reports success and changes
//     nothing, and the invocation continues when what it waits for arrives. It can be
//     paused once it runs.
//   - scheduled, pending or completed: the error is an [*Error] with status 409.
//
// So look at the status afterwards, for instance with [Client.InFlight]. Other errors
// are those of CancelInvocation.
func (c *Client) PauseInvocation(ctx context.Context, id string) error {
	return c.changeInvocation(ctx, id, "pause", nil)
}

// ResumeInvocation continues a paused or suspended invocation: the handler runs again
// on its journal, and suspends again if it still waits. An invocation that is backing
// off is retried at once, and a running one goes on. The deployment is
// [ResumeOnPinned], [ResumeOnLatest] or a deployment id.
//
// The error is an [*Error] with status 425 for a scheduled or pending invocation, and
// with 409 for a completed one. The status is also 409 if deployment is not
// ResumeOnPinned and the invocation runs or backs off: pause it first. Other errors are
// those of CancelInvocation.
func (c *Client) ResumeInvocation(ctx context.Context, id, deployment string) error {
	var query url.Values
	if deployment != ResumeOnPinned {
		query = url.Values{"deployment": {deployment}}
	}
	return c.changeInvocation(ctx, id, "resume", query)
}

// PurgeInvocation removes a completed invocation: its result, its journal and its
// idempotency key, and for the run of a workflow its state and promises too, so that the
// workflow can run again. It returns when the request is accepted.
//
// The error is an [*Error] with status 409 for an invocation that has not completed. Other
// errors are those of CancelInvocation.
func (c *Client) PurgeInvocation(ctx context.Context, id string) error {
	return c.changeInvocation(ctx, id, "purge", nil)
}

// PurgeJournal removes the journal of a completed invocation and leaves its result and
// its idempotency key. It cannot be restarted afterwards. It returns when the request is
// accepted. Errors are those of PurgeInvocation.
func (c *Client) PurgeJournal(ctx context.Context, id string) error {
	return c.changeInvocation(ctx, id, "purge-journal", nil)
}

// RestartOptions say how a completed invocation is restarted. The zero value runs it from
// the beginning on the latest deployment.
type RestartOptions struct {
	// From is the index of the last entry of the journal that the new invocation takes
	// over, with its result. 0 takes over the input only. Each command up to there must
	// have its result.
	From int
	// Deployment on which the new invocation continues: [RestartOnLatest],
	// [RestartOnPinned] or a deployment id. Only with From.
	Deployment string
}

// Values for the deployment of RestartOptions, other than a deployment id.
const (
	// RestartOnLatest is the latest deployment of the service.
	RestartOnLatest = ""
	// RestartOnPinned is the deployment of the old invocation. A journal that is taken
	// over fits its code.
	RestartOnPinned = "keep"
)

// RestartInvocation starts a new invocation with the input and the headers of a completed
// one, and returns its id. The old one stays as it is.
//
// The error is an [*Error] with status 409 or 425 for an invocation that has not completed,
// with 410 for one whose journal is gone, with 422 for the run of a workflow, and with 400 for
// a From that the journal does not have or up to which a command lacks its result. Other errors
// are those of CancelInvocation.
func (c *Client) RestartInvocation(ctx context.Context, id string, options RestartOptions) (newID string, err error) {
	if err := options.check(); err != nil {
		return "", err
	}
	query := url.Values{}
	if options.From > 0 {
		query.Set("from", strconv.Itoa(options.From))
	}
	if options.Deployment != RestartOnLatest {
		query.Set("deployment", options.Deployment)
	}
	var restarted restarted
	err = c.change(ctx, id, "restart-as-new", query, &restarted)
	return restarted.ID, err
}

// check rejects what the server rejects, or ignores.
func (o RestartOptions) check() error {
	if o.From < 0 {
		return fmt.Errorf("admin: RestartOptions: From %d must not be negative", o.From)
	}
	if o.Deployment != RestartOnLatest && o.From == 0 {
		return errors.New("admin: RestartOptions: Deployment goes with From only: a restart from the beginning runs on the latest deployment")
	}
	return nil
}

type restarted struct {
	ID string `json:"new_invocation_id"`
}

func (r *restarted) empty() bool { return r.ID == "" }

func (c *Client) changeInvocation(ctx context.Context, id, verb string, query url.Values) error {
	return c.change(ctx, id, verb, query, nil)
}

func (c *Client) change(ctx context.Context, id, verb string, query url.Values, out any) error {
	if err := CheckInvocationID(id); err != nil {
		return err
	}
	_, err := c.do(ctx, call{method: http.MethodPatch, path: []string{"invocations", id, verb}, query: query}, out)
	return err
}
